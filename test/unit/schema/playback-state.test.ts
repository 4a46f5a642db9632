import { describe, expect, it } from '@jest/globals';
import {
  canTransition,
  isFinal,
  RECORDING_STATUSES,
  type RecordingStatus,
  statesBefore,
} from '../../../src/schema/playback-state.js';

const ALLOWED: Record<RecordingStatus, RecordingStatus[]> = {
  PENDING: ['RECORDING', 'FAILED'],
  RECORDING: ['PROCESSING', 'FAILED'],
  PROCESSING: ['COMPLETED', 'FAILED'],
  COMPLETED: [],
  FAILED: [],
};

describe('the states of a playback', () => {
  it.each(RECORDING_STATUSES.flatMap((from) => RECORDING_STATUSES.map((to) => [from, to] as const)))(
    '%s to %s',
    (from, to) => {
      const allowed = ALLOWED[from].includes(to);
      expect(canTransition(from, to)).toBe(allowed);
      expect(statesBefore(to).includes(from)).toBe(allowed);
    },
  );

  it('are those of an export without RECORDING', () => {
    for (const from of RECORDING_STATUSES)
      for (const to of RECORDING_STATUSES) {
        const allowed: readonly RecordingStatus[] = {
          ...ALLOWED,
          PENDING: ['PROCESSING', 'FAILED'] as const,
          RECORDING: [],
        }[from];
        expect([from, to, canTransition(from, to, 'export')]).toEqual([from, to, allowed.includes(to)]);
        expect(statesBefore(to, 'export').includes(from)).toBe(allowed.includes(to));
      }
  });

  it('end in COMPLETED or FAILED, from wherever they are', () => {
    expect(RECORDING_STATUSES.filter(isFinal)).toEqual(['COMPLETED', 'FAILED']);
    for (const from of RECORDING_STATUSES.filter((status) => !isFinal(status)))
      expect(canTransition(from, 'FAILED')).toBe(true);
  });
});
