import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFixture } from '../../support/footage.js';
import { eventually } from '../../support/recorder/eventually.js';
import { parseSegmentTail } from '../../../src/modules/footage/domain/segment-file.js';
import { at, CAM, foreign, FragmentLogRig, T } from './fragment-log-rig.js';

describe('FragmentLog', () => {
  let rig: FragmentLogRig;
  beforeEach(async () => {
    rig = await FragmentLogRig.open();
  });
  afterEach(() => rig.close());

  it('cuts a torn tail off and counts it, wherever it is torn', async () => {
    const capture = await rig.stored(await rig.write());
    const last = join(capture.dir, '000000002.mp4');
    const untorn = await readFile(last);
    const inSegment = capture.fragments.filter(({ segment }) => segment === '000000002.mp4');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: untorn.length }), async (size) => {
        await writeFile(last, untorn);
        await truncate(last, size);
        const left = inSegment.filter(({ offset, sizeBytes }) => offset + sizeBytes <= size);
        const [seen] = await foreign(rig.dir);
        expect((await stat(last)).size).toBe(size);
        expect(rig.tornBytes.splice(0)).toEqual([]);
        const [read] = await rig.reopened().readCaptures(CAM);
        expect(read?.fragments).toEqual([...capture.fragments.slice(0, 3), ...left]);
        expect(seen).toEqual(read);
        const end = left.at(-1);
        const whole = end ? end.offset + end.sizeBytes : 0;
        const now = await readFile(last);
        expect(now.subarray(0, whole).equals(untorn.subarray(0, whole))).toBe(true);
        expect(rig.tornBytes.splice(0)).toEqual(size > whole ? [size - whole] : []);
        const indexed = end ? parseSegmentTail(now.subarray(whole)).entries.map(({ fragment }) => fragment) : [];
        expect(indexed.map((fragment) => ({ ...fragment, segment: '000000002.mp4' }))).toEqual(left);
        await rig.reopened().readCaptures(CAM);
        expect([rig.tornBytes, (await stat(last)).size]).toEqual([[], now.length]);
      }),
      { numRuns: 30 },
    );
  });

  it('makes the end of a segment again, byte for byte, wherever it is torn', async () => {
    const writer = await rig.write();
    await writer.close(T + 4_000, null);
    const capture = await rig.stored(writer);
    const last = join(capture.dir, '000000002.mp4');
    const notes = join(capture.dir, 'segments-0.jsonl');
    const untorn = await readFile(last);
    const { offset, sizeBytes } = capture.fragments.at(-1)!;
    const whole = offset + sizeBytes;
    for (let size = whole; size < untorn.length; size += 17) {
      await truncate(last, size);
      await rm(notes, { force: true });
      const [read] = await rig.reopened().readCaptures(CAM);
      expect(read?.fragments).toEqual(capture.fragments);
      expect((await readFile(last)).equals(untorn)).toBe(true);
      expect(rig.tornBytes.splice(0)).toEqual(size > whole ? [size - whole] : []);
    }
  });

  it('stops before what a power loss made of the tail', async () => {
    const capture = await rig.stored(await rig.write());
    const last = join(capture.dir, '000000002.mp4');
    const whole = await readFile(last);
    const [, second] = capture.fragments.filter(({ segment }) => segment === '000000002.mp4');
    for (const rubbish of [
      Buffer.alloc(5_000),
      Buffer.alloc(5_000, 3),
      Buffer.from('0000000c6d6f6f66deadbeef', 'hex'),
    ]) {
      await writeFile(last, Buffer.concat([whole.subarray(0, second!.offset), rubbish]));
      expect((await rig.reopened().readCaptures(CAM))[0]?.fragments).toHaveLength(4);
    }
  });

  it('keeps the footage when capture.json is lost or cut off', async () => {
    const capture = await rig.stored(await rig.write());
    for (const damage of [
      () => rm(join(capture.dir, 'capture.json')),
      () => writeFile(join(capture.dir, 'capture.json'), '{"epo'),
    ]) {
      await damage();
      const [read] = await rig.reopened().readCaptures(CAM);
      expect(read?.fragments).toEqual(capture.fragments);
      expect(read).toMatchObject({ captureId: capture.captureId, cameraId: 'cam', epochMs: T });
    }
  });

  it('removes a folder without an init segment, and leaves one alone that it cannot read', async () => {
    const { capture } = await rig.write();
    await mkdir(join(rig.dir, 'cameras', 'cam', '17-empty'));
    await writeFile(join(capture.dir, 'init.mp4'), 'torn');
    expect(await rig.reopened().readCaptures(CAM)).toEqual([]);
    expect(await readdir(join(rig.dir, 'cameras', 'cam'))).toEqual([capture.captureId]);
  });

  it('reads again after a failure, instead of failing for ever', async () => {
    await mkdir(join(rig.dir, 'cameras'));
    await writeFile(join(rig.dir, 'cameras', 'cam'), 'a file where a folder should be');
    await expect(rig.log.readCaptures(CAM)).rejects.toThrow(/ENOTDIR/);
    await rm(join(rig.dir, 'cameras', 'cam'));
    await expect(rig.log.readCaptures(CAM)).resolves.toEqual([]);
  });

  it('tells what the disk says to a fragment at the next one', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await rig.log.openCapture(CAM, init.bytes, T);
    const append = (index: number, arrivedAtMs: number) => {
      const { moof, mdat } = fragments[index]!;
      return writer.append(moof, mdat, at(arrivedAtMs));
    };
    await append(0, T + 2_000);
    await writer.settle();
    await rm(writer.capture.dir, { recursive: true });
    await append(1, T + 2_500); // earlier than thought: the capture's clock is written down, where it cannot be
    await eventually(async () => expect(await append(2, T + 3_400).catch(() => 'refused')).toBe('refused'));
    await expect(writer.close(T, null)).rejects.toThrow(/ENOENT/);
  });

  it('counts a capture as ended even when the disk does not take its end', async () => {
    const writer = await rig.write();
    await rm(writer.capture.dir, { recursive: true });
    await expect(writer.close(T, null)).rejects.toThrow(/ENOENT/);
    expect(await rig.log.listCaptures(CAM)).toMatchObject([{ openSegment: null }]);
  });
});
