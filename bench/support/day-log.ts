import { link, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatSegmentName } from '../../src/modules/footage/domain/segment-name.js';
import { describeSegment } from '../../src/modules/footage/domain/segment-table.js';
import { SegmentNotes } from '../../src/modules/footage/segment-notes.store.js';
import { scanSegment } from '../../src/modules/footage/segment-scan.store.js';
import { buildBox } from '../../src/mp4/box-writer.js';
import { shiftFragment } from '../../src/mp4/fragment.js';
import { readFixture } from '../../test/support/footage.js';

export const SEGMENT_MS = 10_000;
export const FRAGMENTS_PER_SEGMENT = 10;
const BATCH = 500;
/** Fragments alone, as earlier versions wrote them: what is noted of a segment is the same. */
const segmentName = (number: number) => formatSegmentName(number, 9, 'm4s');

/** Where a capture of so many segments lies. */
export interface MadeCapture {
  rootDir: string;
  cameraId: string;
  dir: string;
}

/** The folder of a capture that began at `epochMs`, without segments. */
async function makeCapture(rootDir: string, cameraId: string, epochMs: number): Promise<MadeCapture> {
  const captureId = `${epochMs}-bench`;
  const dir = join(rootDir, 'cameras', cameraId, captureId);
  await mkdir(dir, { recursive: true });
  const meta = { captureId, cameraId, epochMs, anchors: [], endedAtMs: null, endCause: null };
  await writeFile(join(dir, 'init.mp4'), readFixture('h264-aac').init.bytes);
  await writeFile(join(dir, 'capture.json'), JSON.stringify(meta));
  return { rootDir, cameraId, dir };
}

/** The bytes of a segment of one-second fragments with hardly any media. */
function segmentBytes(startMs: number): Buffer {
  const { init, fragments } = readFixture('h264-aac');
  const { moof } = fragments[0]!;
  return Buffer.concat(
    Array.from({ length: FRAGMENTS_PER_SEGMENT }, (_, index) => {
      const moved = Buffer.from(moof);
      shiftFragment(moved, init, startMs + index * 1_000);
      return Buffer.concat([moved, buildBox('mdat', Buffer.alloc(8))]);
    }),
  );
}

/** A capture whose segments can be read, and that nothing is noted of. */
export async function makeReadable(rootDir: string, cameraId: string, segments: number): Promise<MadeCapture> {
  const capture = await makeCapture(rootDir, cameraId, Date.now() - segments * SEGMENT_MS);
  for (let number = 1; number <= segments; number += 1) {
    await writeFile(join(capture.dir, segmentName(number)), segmentBytes((number - 1) * SEGMENT_MS));
  }
  return capture;
}

/** A capture as a start sees it that has notes of all its segments, which are links to one and the same file. */
export async function makeNoted(rootDir: string, cameraId: string, segments: number): Promise<MadeCapture> {
  const capture = await makeReadable(rootDir, cameraId, 1);
  const { dir } = capture;
  const first = segmentName(1);
  const { size } = await stat(join(dir, first));
  const { fragments } = await scanSegment(dir, first, readFixture('h264-aac').init);
  for (let from = 1; from <= segments; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, segments - from + 1) }, (_, index) => from + index);
    await Promise.all(numbers.filter((n) => n > 1).map((n) => link(join(dir, first), join(dir, segmentName(n)))));
    for (const number of numbers) {
      const addMs = (number - 1) * SEGMENT_MS;
      const timings = fragments.map((each) => ({ ...each, startMs: each.startMs + addMs }));
      await new SegmentNotes(dir).add(describeSegment(segmentName(number), timings, size)!);
    }
  }
  return capture;
}
