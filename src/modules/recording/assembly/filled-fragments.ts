import { readBoxHeader } from '../domain/mp4/boxes.js';
import { numberFragment } from '../domain/mp4/fragment.js';
import { parseInitSegment } from '../domain/mp4/init-segment.js';
import { SilenceFiller } from '../domain/mp4/silence.js';

/** The same stream, an init segment and then whole fragments, with silence where its sound pauses. */
export async function* fillPauses(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let filler: SilenceFiller | null = null;
  let sequence = 0;
  for await (const bytes of stream) {
    if (!filler) {
      filler = new SilenceFiller(parseInitSegment(bytes));
      yield bytes;
      continue;
    }
    const moof = bytes.subarray(0, readBoxHeader(bytes, 0)!.sizeBytes);
    for (const fragment of [...filler.before(moof), bytes]) {
      numberFragment(fragment.subarray(0, readBoxHeader(fragment, 0)!.sizeBytes), (sequence += 1));
      yield fragment;
    }
  }
}
