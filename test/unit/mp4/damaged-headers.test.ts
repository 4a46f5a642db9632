import { describe, expect, it } from '@jest/globals';
import { Mp4Error } from '../../../src/mp4/boxes.js';
import { readFragmentTiming } from '../../../src/mp4/fragment.js';
import { parseInitSegment } from '../../../src/mp4/init-segment.js';
import { isPlausibleAfter } from '../../../src/mp4/plausible-times.js';
import { MAX_FRAGMENT_SAMPLES, readTrackFragments } from '../../../src/mp4/track-fragment.js';
import { flippedBits, readFixture } from '../../support/footage.js';

const FIXTURES = ['h264-aac', 'h264-bframes'] as const;

/** What `work` gives, or 'damaged' when it says so; anything else that is thrown is a fault. */
function outcome<T>(work: () => T): T | 'damaged' {
  try {
    return work();
  } catch (error) {
    if (error instanceof Mp4Error) return 'damaged';
    throw error;
  }
}

describe.each(FIXTURES)('with any bit wrong, %s', (name) => {
  const { init, fragments } = readFixture(name);

  it('a moof has a bounded number of samples, or is called damaged', () => {
    for (const damaged of flippedBits(fragments[1]!.moof)) {
      const tracks = outcome(() => readTrackFragments(damaged, init));
      if (tracks === 'damaged') continue;
      const samples = tracks.reduce((sum, each) => sum + each.samples.length, 0);
      expect(samples).toBeLessThanOrEqual(MAX_FRAGMENT_SAMPLES);
    }
  });

  it('a moof has times of a capture, or is not taken', () => {
    const before = readFragmentTiming(fragments[0]!.moof, init)!;
    let refused = 0;
    for (const damaged of flippedBits(fragments[1]!.moof)) {
      const timing = outcome(() => readFragmentTiming(damaged, init));
      if (timing === 'damaged' || timing === null) continue;
      if (!isPlausibleAfter(before, timing)) refused += 1;
      else expect(timing.startMs + timing.durationMs).toBeLessThan(3 * 24 * 3_600_000);
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('an init segment is read, or called damaged, and fragments with it', () => {
    for (const damaged of flippedBits(init.bytes)) {
      const read = outcome(() => parseInitSegment(damaged));
      if (read !== 'damaged') outcome(() => readFragmentTiming(fragments[0]!.moof, read));
    }
  });
});

describe('readTrackFragments', () => {
  it('refuses more samples than a fragment has, over all its runs', () => {
    const { init, fragments } = readFixture('h264-aac');
    const { moof } = fragments[0]!;
    const damaged = Buffer.from(moof);
    const { countAt } = readTrackFragments(moof, init)[0]!.samples[0]!;
    damaged.writeUIntBE(0, countAt - 3, 3); // no fields of its own for each sample
    damaged.writeUInt32BE(0xffff_ffff, countAt);
    expect(() => readTrackFragments(damaged, init)).toThrow(/more than 100000 samples/);
  });
});
