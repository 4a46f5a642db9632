import type { StoredFragment } from '../../../../../src/modules/recording/domain/footage.js';
import type { MovieTake } from '../../../../../src/modules/recording/domain/hybrid-mp4/timeline.js';
import { readFragmentTiming } from '../../../../../src/modules/recording/domain/mp4/fragment.js';
import { readFixture } from '../../support.js';

/** The fixture as a take whose capture began at `epochMs`. */
export function takeOf(name: 'h264-aac' | 'h264-bframes', epochMs: number, count = Infinity): MovieTake {
  const { init, fragments } = readFixture(name);
  const moofs = fragments.slice(0, count).map(({ moof }) => moof);
  let offset = 0;
  const stored = fragments.slice(0, count).map(({ moof, mdat }): StoredFragment => {
    const place = { segment: '000001.m4s', offset, moofBytes: moof.length, sizeBytes: moof.length + mdat.length };
    offset += place.sizeBytes;
    return { ...readFragmentTiming(moof, init)!, ...place };
  });
  return { capture: { captureId: String(epochMs), init, epochMs }, fragments: stored, moofs };
}
