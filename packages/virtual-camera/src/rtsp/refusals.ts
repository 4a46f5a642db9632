import type { Faults } from '../faults.js';
import type { Oddities } from '../oddities/oddities.js';
import type { RtspResponse } from './message.js';

/** What a faulty camera answers instead of doing what it is asked; undefined when it does it. */
export function findRefusal(faults: Readonly<Faults>, method: string): RtspResponse | undefined {
  const opens = method === 'DESCRIBE' || method === 'SETUP';
  if (faults.notFound && opens) return { status: 404 };
  if (faults.unavailable && (opens || method === 'PLAY')) return { status: 503 };
  if (faults.refusing && method === 'DESCRIBE') return { status: 503 };
  return undefined;
}

/** Whether the request needs a login; some cameras describe themselves to everybody. */
export function asksLogin({ loginFrom }: Readonly<Oddities>, method: string): boolean {
  if (loginFrom === 'play') return method === 'PLAY';
  return loginFrom === null || method !== 'DESCRIBE';
}
