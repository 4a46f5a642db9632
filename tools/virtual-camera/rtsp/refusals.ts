import type { Faults } from '../faults.js';
import type { RtspResponse } from './message.js';

/** What a faulty camera answers instead of doing what it is asked; undefined when it does it. */
export function findRefusal(faults: Readonly<Faults>, method: string): RtspResponse | undefined {
  const opens = method === 'DESCRIBE' || method === 'SETUP';
  if (faults.notFound && opens) return { status: 404 };
  if (faults.unavailable && (opens || method === 'PLAY')) return { status: 503 };
  if (faults.refusing && method === 'DESCRIBE') return { status: 503 };
  return undefined;
}
