import { describe, expect, it } from '@jest/globals';
import { type DiskState, nextDiskState, resumeBytes } from '../../../../src/modules/footage/domain/disk-state.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('resumeBytes', () => {
  it.each([
    ['a large disk', 250 * GIB, GIB, GIB + GIB / 10],
    ['a small minimum', 250 * GIB, 100 * MIB, 164 * MIB],
    ['no minimum', 250 * GIB, 0, 64 * MIB],
    ['a small disk', 32 * MIB, 8 * MIB, 11 * MIB],
    ['a disk hardly larger than the minimum', 1.0625 * GIB, GIB, GIB + 8 * MIB],
    ['a disk smaller than the minimum', 32 * MIB, GIB, GIB],
  ])('on %s', (_what, totalBytes, minFreeBytes, expected) => {
    expect(resumeBytes(totalBytes, minFreeBytes)).toBe(Math.floor(expected));
  });

  it('is within reach of every disk that is larger than the minimum', () => {
    for (let totalBytes = 2 * MIB; totalBytes < 4 * GIB; totalBytes *= 1.3) {
      expect(resumeBytes(totalBytes, MIB)).toBeLessThan(totalBytes);
    }
  });
});

describe('nextDiskState', () => {
  const steps: [DiskState, number, DiskState][] = [
    ['ok', 8, 'ok'],
    ['ok', 7.99, 'low'],
    ['low', 8, 'low'],
    ['low', 10.99, 'low'],
    ['low', 11, 'ok'],
    ['ok', 10, 'ok'],
  ];
  it.each(steps)('%s with %d MiB free is %s', (state, freeMib, next) => {
    const reading = { freeBytes: freeMib * MIB, totalBytes: 32 * MIB };
    expect(nextDiskState(state, reading, 8 * MIB)).toBe(next);
  });
});
