import { readBoxHeader } from '../domain/mp4/boxes.js';
import { numberFragment } from '../domain/mp4/fragment.js';
import { type InitSegment, parseInitSegment } from '../domain/mp4/init-segment.js';
import { SilenceFiller } from '../domain/mp4/silence.js';
import { buildSilentFragment } from '../domain/mp4/silent-fragment.js';
import { readTrackFragments } from '../domain/mp4/track-fragment.js';

/** The same stream, an init segment and then whole fragments, with silence where its sound pauses. */
export async function* fillPauses(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let init: InitSegment | null = null;
  let filler: SilenceFiller | null = null;
  let sequence = 0;
  for await (const bytes of stream) {
    if (!filler || !init) {
      init = parseInitSegment(bytes);
      filler = new SilenceFiller(init);
      yield bytes;
      continue;
    }
    const silence = silenceBefore(moofOf(bytes), init, filler);
    for (const fragment of [...silence, bytes]) {
      numberFragment(moofOf(fragment), (sequence += 1));
      yield fragment;
    }
  }
}

function moofOf(fragment: Buffer): Buffer {
  return fragment.subarray(0, readBoxHeader(fragment, 0)!.sizeBytes);
}

function silenceBefore(moof: Buffer, init: InitSegment, filler: SilenceFiller): Buffer[] {
  const { track, frame } = filler;
  if (!track || !frame) return [];
  const pieces = filler.before(readTrackFragments(moof, init));
  return pieces.map((silence) => buildSilentFragment(silence, { trackId: track.trackId, frame }));
}
