import type { StoredFragment } from '../../../../src/modules/footage/domain/footage.js';
import type { MovieTake } from '../../../../src/mp4/hybrid/timeline.js';
import { readFragmentTiming, shiftFragment } from '../../../../src/mp4/fragment.js';
import { readFixture } from '../../../support/footage.js';

/** The fixture, of ten seconds at most, as a take whose capture began at `epochMs`, and has gone on for `runsMs` when it begins. */
export function takeOf(
  name: 'h264-aac' | 'h264-bframes',
  epochMs: number,
  { count = Infinity, runsMs = 0 }: { count?: number; runsMs?: number } = {},
): Omit<MovieTake, 'fragments'> & { fragments: readonly StoredFragment[] } {
  const { init, fragments } = readFixture(name);
  const kept = fragments.slice(0, count);
  for (const { moof } of kept) shiftFragment(moof, init, runsMs);
  let offset = 0;
  const stored = kept.map(({ moof, mdat }): StoredFragment => {
    const place = { segment: '000001.m4s', offset, moofBytes: moof.length, sizeBytes: moof.length + mdat.length };
    offset += place.sizeBytes;
    return { ...readFragmentTiming(moof, init)!, ...place };
  });
  return {
    capture: { captureId: String(epochMs), init, epochMs },
    fragments: stored,
    moofs: kept.map(({ moof }) => moof),
  };
}
