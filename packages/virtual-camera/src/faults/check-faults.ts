import type { FaultName, Faults } from '../faults.js';
import { FAULT_NAMES } from '../faults.js';
import type { Rule } from './input.js';
import {
  CameraInputError,
  checkFields,
  decimal,
  flag,
  matching,
  nullable,
  oneOf,
  requireObject,
  whole,
} from './input.js';

const delayMs = whole(0, 600_000);

const RULES: Record<FaultName, Rule> = {
  stalled: flag,
  refusing: flag,
  wrongPassword: flag,
  notFound: flag,
  unavailable: flag,
  maxSessions: nullable(whole(0, 10_000)),
  packetLoss: decimal(0, 1),
  packetLossSeed: whole(0, 2 ** 32 - 1),
  // RTP timestamps of 90 kHz wrap around after 47,721 s: a longer jump would look like one the other way.
  timestampJumpSec: decimal(-20_000, 20_000),
  clockJumpSec: decimal(-2e9, 2e9),
  soundClockAheadSec: decimal(-2e9, 2e9),
  answerDelayMs: delayMs,
  firstKeyFrameDelayMs: delayMs,
  rtpInfoMissing: flag,
  firstReportDelayMs: delayMs,
  soundFirst: flag,
  onvifDelayMs: delayMs,
  onvifMalformed: nullable(oneOf('xml', 'html', 'empty')),
  onvifStreamUriHost: nullable(matching(/^([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?$/i, 'a host or host:port')),
  onvifUnauthorized: flag,
};

/** The value as faults to set; throws CameraInputError. */
export function checkFaults(value: unknown): Partial<Faults> {
  const faults = requireObject('Faults', value);
  checkFields(faults, RULES);
  return faults;
}

/** The names as those of faults; throws CameraInputError. */
export function checkFaultNames(names: readonly string[]): FaultName[] {
  const unknown = names.filter((name) => !Object.hasOwn(RULES, name));
  if (unknown.length === 0) return names as FaultName[];
  throw new CameraInputError([`no such fault: ${unknown.join(', ')} (known: ${FAULT_NAMES.join(', ')})`]);
}
