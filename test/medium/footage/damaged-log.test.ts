import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/common/logging.js';
import { mainStream } from '../../../src/schema/stream-id.js';
import { readBoxes } from '../../../src/mp4/boxes.js';
import { readCaptureFiles, type StoredCapture } from '../../../src/modules/footage/capture-files.store.js';
import { FragmentLog } from '../../../src/modules/footage/fragment-log.store.js';
import { scanSegment } from '../../../src/modules/footage/segment-scan.store.js';
import { flippedBits, readFixture } from '../../support/footage.js';

const CAM = mainStream('cam');
const T = 1_800_000_000_000;
const logger = createLogger('silent');

describe('a damaged log', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'damaged-log-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  async function write(fixture: 'h264-aac' | 'h264-bframes', count: number): Promise<StoredCapture> {
    const { init, fragments } = readFixture(fixture);
    const log = new FragmentLog(dir, { segmentMs: 60_000, fsyncMs: 0 }, logger);
    const writer = await log.openCapture(CAM, init.bytes, T);
    for (const [index, { moof, mdat }] of fragments.slice(0, count).entries()) {
      await writer.append(moof, mdat, { wallMs: T + (index + 1) * 1_000, monoMs: (index + 1) * 1_000 });
    }
    await writer.close(T + 10_000, null);
    const [capture] = await log.readCaptures(CAM);
    return capture!;
  }

  it('is cut off or read whole, whichever bit of a header is wrong', async () => {
    const { dir: captureDir, init, fragments } = await write('h264-bframes', 2);
    const sound = await scanSegment(captureDir, '000000001.mp4', init);
    const whole = await readFile(join(captureDir, '000000001.mp4'));
    const { offset, moofBytes } = fragments[1]!;
    const file = await open(join(captureDir, '000000001.mp4'), 'r+');
    let cut = 0;
    // Every third bit: the others are flipped in memory by the unit tests. The mdat's own header is behind the moof.
    for (let bit = offset * 8; bit < (offset + moofBytes + 8) * 8; bit += 3) {
      const byte = whole[bit >> 3]!;
      await file.write(Buffer.of(byte ^ (1 << (bit & 7))), 0, 1, bit >> 3);
      const read = await scanSegment(captureDir, '000000001.mp4', init);
      await file.write(Buffer.of(byte), 0, 1, bit >> 3);
      expect([bit, read.wholeBytes + read.tornBytes]).toEqual([bit, whole.length]);
      expect([bit, read.fragments[0]]).toEqual([bit, sound.fragments[0]]);
      if (read.tornBytes > 0) cut += 1;
    }
    await file.close();
    expect(cut).toBeGreaterThan(0);
  }, 60_000);

  it('is opened, whichever bit of capture.json is wrong', async () => {
    const { dir: captureDir } = await write('h264-aac', 1);
    const path = join(captureDir, 'capture.json');
    for (const damaged of flippedBits(await readFile(path))) {
      await writeFile(path, damaged);
      expect(await readCaptureFiles(captureDir)).toMatchObject({
        captureId: expect.any(String),
        epochMs: expect.any(Number),
      });
    }
  }, 60_000);

  it('with thousands of millions of samples is cut off and counted, when it is opened', async () => {
    const { dir: captureDir, fragments } = await write('h264-aac', 3);
    const path = join(captureDir, '000000001.mp4');
    const bytes = await readFile(path);
    const { offset, moofBytes } = fragments[2]!;
    emptyRun(bytes.subarray(offset, offset + moofBytes), 0xffff_ffff);
    await writeFile(path, bytes);
    const torn: number[] = [];
    const [read] = await new FragmentLog(dir, { segmentMs: 1, fsyncMs: 0 }, logger, (n) => torn.push(n)).readCaptures(
      CAM,
    );
    expect(read?.fragments).toHaveLength(2);
    expect(torn).toEqual([bytes.length - fragments[1]!.offset - fragments[1]!.sizeBytes]);
  });
});

/** Makes the first run of a `moof` one whose samples take no bytes of it, in so great a number. */
function emptyRun(moof: Buffer, count: number): void {
  const inside = (type: string, from: number, to: number) =>
    readBoxes(moof, from, to).find((box) => box.type === type)!;
  const whole = inside('moof', 0, moof.length);
  const traf = inside('traf', whole.bodyStart, whole.end);
  const trun = inside('trun', traf.bodyStart, traf.end);
  moof.writeUIntBE(0x1, trun.bodyStart + 1, 3);
  moof.writeUInt32BE(count, trun.bodyStart + 4);
}
