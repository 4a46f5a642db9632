import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mainStream, type StreamId } from '../../../src/schema/stream-id.js';
import { selectFootage, type StoredFragment } from '../../../src/modules/footage/domain/footage.js';
import { everything } from '../../../src/modules/footage/domain/segment-choice.js';
import type { FragmentLog } from '../../../src/modules/footage/fragment-log.store.js';
import { streamFragments } from '../../../src/modules/footage/fragment-stream.store.js';
import { buildBox } from '../../../src/mp4/box-writer.js';
import { makeMoof, readFixture } from '../../support/footage.js';
import { at, CAM, foreign, FragmentLogRig, T } from './fragment-log-rig.js';

describe('FragmentLog', () => {
  let rig: FragmentLogRig;
  beforeEach(async () => {
    rig = await FragmentLogRig.open();
  });
  afterEach(() => rig.close());

  const bytesOf = async (of: FragmentLog, stream = CAM) => {
    const chunks: Buffer[] = [];
    const takes = selectFootage(await of.readCaptures(stream), { startMs: 0, endMs: Infinity });
    for await (const chunk of streamFragments(takes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('reads back from disk what was written, after an end and after a crash', async () => {
    const writer = await rig.write();
    const { fragments, epochMs, configDigest } = await rig.stored(writer);
    expect(fragments).toHaveLength(5);
    expect(fragments).toEqual(rig.told);
    for (const end of [() => Promise.resolve(), () => writer.close(T + 4_000, 'camera_lost')]) {
      await end();
      const [read, ...others] = await rig.reopened().readCaptures(CAM);
      expect(others).toEqual([]);
      expect(read).toMatchObject({ fragments, epochMs, configDigest, cameraId: 'cam' });
    }
    expect((await rig.reopened().readCaptures(CAM))[0]).toMatchObject({
      endedAtMs: T + 4_000,
      endCause: 'camera_lost',
    });
    expect((await bytesOf(rig.reopened())).equals(await bytesOf(rig.log))).toBe(true);
  });

  it('begins a new segment at a key frame, once the last one is long enough', async () => {
    const writer = await rig.write();
    await writer.close(T, null);
    expect((await rig.stored(writer)).fragments.map(({ segment, isSync }) => [segment, isSync])).toEqual([
      ['000000001.mp4', true],
      ['000000001.mp4', false],
      ['000000001.mp4', false],
      ['000000002.mp4', true],
      ['000000002.mp4', false],
    ]);
  });

  it('is read back in order when the counter of its segments passes a million, as earlier versions wrote it too', async () => {
    const capture = await rig.stored(await rig.write());
    const before = await bytesOf(rig.reopened());
    await rename(join(capture.dir, '000000001.mp4'), join(capture.dir, '000999999.mp4'));
    await rename(join(capture.dir, '000000002.mp4'), join(capture.dir, '001000000.mp4'));
    let names = ['000999999.mp4', '001000000.mp4'];
    for (const next of [
      names,
      // Fragments alone, with nine digits and with six.
      ['000999999.m4s', '001000000.m4s'],
      ['999999.m4s', '1000000.m4s'],
    ]) {
      for (const [index, name] of next.entries()) {
        const path = join(capture.dir, names[index]!);
        const inIt = capture.fragments.filter(({ segment }) => segment === `00000000${index + 1}.mp4`);
        if (name.endsWith('.m4s') && !path.endsWith('.m4s')) await writeFile(path, await mediaOf(path, inIt));
        await rename(path, join(capture.dir, name));
      }
      names = next;
      for (const captures of [await rig.reopened().readCaptures(CAM), await foreign(rig.dir)]) {
        expect([...new Set(captures[0]!.fragments.map(({ segment }) => segment))]).toEqual(next);
      }
      expect((await bytesOf(rig.reopened())).equals(before)).toBe(true);
    }
  });

  it('only reads the log of another recorder, which may live', async () => {
    expect(await foreign(join(rig.dir, 'nowhere'))).toEqual([]);
    const capture = await rig.stored(await rig.write());
    await rig.write(T + 60_000);
    await mkdir(join(rig.dir, 'cameras', 'cam', '17-begun'));
    await mkdir(join(rig.dir, 'cameras', 'cam', '18-torn'));
    await writeFile(join(rig.dir, 'cameras', 'cam', '18-torn', 'init.mp4'), 'torn');
    const before = await listing(rig.dir);
    const read = await foreign(rig.dir);
    expect(read.map(({ epochMs, fragments }) => [epochMs, fragments.length])).toEqual([
      [capture.epochMs, 5],
      [capture.epochMs + 60_000, 5],
    ]);
    expect(read[0]).toMatchObject({ fragments: capture.fragments });
    expect(await listing(rig.dir)).toEqual(before);
    expect(await foreign(rig.dir, mainStream('another'))).toEqual([]);
  });

  it('holds no footage for long, however odd the times of its frames are', async () => {
    const { init } = readFixture('h264-aac');
    const writer = await rig.log.openCapture(CAM, init.bytes, T);
    const step = 1_024; // ten frames a second
    let [startTicks, written] = [100_000, 0];
    for (let second = 1; second <= 30; second += 1) {
      // Two frames at once, one on each side of the end of a fragment.
      const durations = [second === 1 ? step : 2 * step - 1, ...Array<number>(8).fill(step), 1];
      const samples = durations.map((durationTicks) => ({ durationTicks, compositionTicks: 0 }));
      const moof = makeMoof(startTicks, samples);
      startTicks += durations.reduce((sum, ticks) => sum + ticks, 0);
      written += (await writer.append(moof, Buffer.alloc(16), at(T + second * 1_000))).length;
      expect(writer.jumpMs).toBe(0);
      expect(second - written).toBeLessThanOrEqual(9);
    }
    expect(written).toBe(30);
    await writer.close(T + 31_000, null);
  });

  it('writes what waits for the next fragment when none follows, and tells it', async () => {
    const { init } = readFixture('h264-aac');
    const writer = await rig.log.openCapture(CAM, init.bytes, T);
    const step = 1_024; // ten frames a second
    const append = (startTicks: number, durations: number[], arrivedAtMs: number) => {
      const samples = durations.map((durationTicks) => ({ durationTicks, compositionTicks: 0 }));
      return writer.append(makeMoof(startTicks, samples), buildBox('mdat', Buffer.alloc(8)), at(arrivedAtMs));
    };
    const even = Array<number>(10).fill(step);
    expect(await append(100_000, even, T + 1_000)).toHaveLength(1);
    expect(await append(100_000 + 10 * step, [...even.slice(5), ...Array<number>(5).fill(1)], T + 2_000)).toEqual([]);
    expect(writer.isHolding).toBe(true);
    const [last, ...others] = await writer.close(T + 2_100, 'camera_lost');
    expect(others).toEqual([]);
    expect(last).toMatchObject({ capture: writer.capture, fragment: { frames: 10 } });
    expect((await rig.stored(writer)).fragments).toHaveLength(2);
  });

  it('gives all that was chosen at a moment at which nothing more of it is there, while it grows', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await rig.log.openCapture(CAM, init.bytes, T);
    const writing = (async () => {
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const [written] = await writer.append(moof, mdat, at(T + index * 1_000));
        rig.told.push(written!.fragment);
      }
    })();
    const counts: number[] = [];
    while (counts.at(-1) !== fragments.length) {
      const [inLog, known] = await rig.log.readCaptures(
        CAM,
        everything,
        ([read]) => [read!.fragments, rig.told.length] as const,
      );
      // What was told is in it; the last one may be there before it is told.
      expect(inLog.slice(0, known)).toEqual(rig.told.slice(0, known));
      counts.push(inLog.length);
      await setImmediate();
    }
    await writing;
    await writer.close(T, null);
  });

  it('removes segments and captures, and the folder of a camera that has none left', async () => {
    const writer = await rig.write();
    await writer.close(T, null);
    const [capture] = await rig.log.listCaptures(CAM);
    await rig.log.removeSegments(capture!, ['000000001.mp4']);
    expect((await rig.stored(writer)).fragments).toHaveLength(2);
    expect(await readdir(capture!.dir)).toEqual(['000000002.mp4', 'capture.json', 'init.mp4', 'segments-0.jsonl']);
    await rig.log.removeCapture(capture!);
    await rig.log.removeCapture(capture!);
    expect(await rig.log.readCaptures(CAM)).toEqual([]);
    expect(await rig.log.findStreams()).toEqual([]);
    const again = await rig.write(T + 60_000);
    expect((await stat(again.capture.dir)).isDirectory()).toBe(true);
    expect(await rig.log.listCaptures(CAM)).toEqual([again.capture]);
  });

  describe('with two streams of one camera', () => {
    const SUB: StreamId = { cameraId: 'cam', stream: 'sub' };
    const idsOf = async (of: FragmentLog, stream: StreamId) =>
      (await of.listCaptures(stream)).map(({ captureId }) => captureId);

    it('keeps each in a folder of its own, and finds both again', async () => {
      const [main, sub] = [await rig.write(T), await rig.write(T, SUB)];
      for (const writer of [main, sub]) await writer.close(T + 4_000, null);
      expect((await readdir(join(rig.dir, 'cameras'))).sort()).toEqual(['cam', 'cam.sub']);
      for (const each of [rig.log, rig.reopened()]) {
        expect(await each.findStreams()).toEqual(expect.arrayContaining([CAM, SUB]));
        expect(await idsOf(each, CAM)).toEqual([main.capture.captureId]);
        expect(await idsOf(each, SUB)).toEqual([sub.capture.captureId]);
        expect(await each.listCaptures(SUB)).toMatchObject([SUB]);
      }
      expect(await foreign(rig.dir, SUB)).toMatchObject([{ captureId: sub.capture.captureId, cameraId: 'cam' }]);
    });

    it('tells whose a capture is by its folder when its description is lost', async () => {
      const writer = await rig.write(T, SUB);
      await rm(join(writer.capture.dir, 'capture.json'));
      expect(await rig.reopened().listCaptures(SUB)).toMatchObject([{ ...SUB, captureId: writer.capture.captureId }]);
    });

    it('removes one and leaves the other', async () => {
      for (const writer of [await rig.write(T), await rig.write(T, SUB)]) await writer.close(T + 4_000, null);
      const [capture] = await rig.log.listCaptures(SUB);
      await rig.log.removeCapture(capture!);
      expect(await rig.log.findStreams()).toEqual([CAM]);
      expect(await rig.log.listCaptures(SUB)).toEqual([]);
      expect(await rig.log.listCaptures(CAM)).toHaveLength(1);
    });

    it('leaves alone what is named like no stream', async () => {
      await (await rig.write()).close(T + 4_000, null);
      for (const name of ['cam.other', '.hidden', 'cam.main']) await mkdir(join(rig.dir, 'cameras', name));
      expect(await rig.log.findStreams()).toEqual([CAM]);
    });
  });
});

/** The fragments of a segment alone. */
async function mediaOf(path: string, fragments: readonly StoredFragment[]): Promise<Buffer> {
  const bytes = await readFile(path);
  return Buffer.concat(fragments.map(({ offset, sizeBytes }) => bytes.subarray(offset, offset + sizeBytes)));
}

/** Every file below a folder with its size and the time of its last change. */
async function listing(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true });
  return Promise.all(
    names.sort().map(async (name) => {
      const { size, mtimeMs } = await stat(join(dir, name));
      return `${name} ${size} ${mtimeMs}`;
    }),
  );
}
