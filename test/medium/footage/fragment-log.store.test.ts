import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLogger } from '../../../src/common/logging.js';
import { selectFootage } from '../../../src/modules/footage/domain/footage.js';
import {
  type CaptureWriter,
  FragmentLog,
  readForeignCaptures,
  type StoredCapture,
} from '../../../src/modules/footage/fragment-log.store.js';
import { streamFragments } from '../../../src/modules/footage/fragment-stream.store.js';
import { readFragmentTiming, shiftFragment } from '../../../src/mp4/fragment.js';
import { makeMoof, readFixture } from '../../support/footage.js';
import { eventually } from '../../support/recorder/eventually.js';

const T = 1_800_000_000_000;
const LIMITS = { segmentMs: 2_000, fsyncMs: 0 };
const logger = createLogger('silent');

/** Something came then, and nobody sets the clock. */
const at = (wallMs: number) => ({ wallMs, monoMs: wallMs - T });

describe('FragmentLog', () => {
  let dir: string;
  let log: FragmentLog;
  let tornBytes: number[];
  beforeEach(async () => {
    tornBytes = [];
    dir = await mkdtemp(join(tmpdir(), 'hindsight-log-'));
    log = new FragmentLog(dir, LIMITS, logger);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const reopened = () => new FragmentLog(dir, LIMITS, logger, (bytes) => tornBytes.push(bytes));

  /** The fixture as a capture that began at `startMs`; each fragment arrives when its last frame was taken. */
  async function write(startMs = T, cameraId = 'cam'): Promise<CaptureWriter> {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture(cameraId, init.bytes, startMs);
    let arrivedAtMs = startMs;
    for (const { moof, mdat } of fragments) {
      const [{ fragment } = {}] = await writer.append(moof, mdat, at((arrivedAtMs += 1_000)));
      arrivedAtMs = startMs + fragment!.startMs + fragment!.durationMs - 10_000;
    }
    await writer.settle();
    return writer;
  }

  const bytesOf = async (of: FragmentLog, cameraId = 'cam') => {
    const chunks: Buffer[] = [];
    const takes = selectFootage(await of.readCaptures(cameraId), { startMs: 0, endMs: Infinity });
    for await (const chunk of streamFragments(takes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('reads back from disk what was written, after an end and after a crash', async () => {
    const writer = await write();
    const { fragments, epochMs, configDigest } = writer.capture;
    expect(fragments).toHaveLength(5);
    for (const end of [() => Promise.resolve(), () => writer.close(T + 4_000, 'camera_lost')]) {
      await end();
      const [read, ...others] = await reopened().readCaptures('cam');
      expect(others).toEqual([]);
      expect(read).toMatchObject({ fragments, epochMs, configDigest, cameraId: 'cam', openSegment: null });
    }
    expect((await reopened().readCaptures('cam'))[0]).toMatchObject({ endedAtMs: T + 4_000, endCause: 'camera_lost' });
    expect((await bytesOf(reopened())).equals(await bytesOf(log))).toBe(true);
  });

  it('begins a new segment at a key frame, once the last one is long enough', async () => {
    const writer = await write();
    await writer.close(T, null);
    expect(writer.capture.fragments.map(({ segment, isSync }) => [segment, isSync])).toEqual([
      ['000000001.m4s', true],
      ['000000001.m4s', false],
      ['000000001.m4s', false],
      ['000000002.m4s', true],
      ['000000002.m4s', false],
    ]);
  });

  it('is read back in order when the counter of its segments passes a million, with old names and with new ones', async () => {
    const { capture } = await write();
    const before = await bytesOf(reopened());
    let names = ['000000001.m4s', '000000002.m4s'];
    for (const next of [
      ['999999.m4s', '1000000.m4s'],
      ['000999999.m4s', '001000000.m4s'],
    ]) {
      for (const [index, name] of next.entries())
        await rename(join(capture.dir, names[index]!), join(capture.dir, name));
      names = next;
      for (const captures of [await reopened().readCaptures('cam'), await readForeignCaptures(dir, 'cam')]) {
        expect([...new Set(captures[0]!.fragments.map(({ segment }) => segment))]).toEqual(next);
      }
      expect((await bytesOf(reopened())).equals(before)).toBe(true);
    }
  });

  it('cuts a torn tail off and counts it, wherever it is torn', async () => {
    const { capture } = await write();
    const last = join(capture.dir, '000000002.m4s');
    const untorn = await readFile(last);
    const inSegment = capture.fragments.filter(({ segment }) => segment === '000000002.m4s');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: untorn.length }), async (size) => {
        await writeFile(last, untorn);
        await truncate(last, size);
        const left = inSegment.filter(({ offset, sizeBytes }) => offset + sizeBytes <= size);
        const [foreign] = await readForeignCaptures(dir, 'cam');
        expect((await stat(last)).size).toBe(size);
        expect(tornBytes.splice(0)).toEqual([]);
        const [read] = await reopened().readCaptures('cam');
        expect(read?.fragments).toEqual([...capture.fragments.slice(0, 3), ...left]);
        expect(foreign).toEqual(read);
        const whole = left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect((await stat(last)).size).toBe(whole);
        expect(tornBytes.splice(0)).toEqual(size > whole ? [size - whole] : []);
        await reopened().readCaptures('cam');
        expect(tornBytes).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('stops before what a power loss made of the tail', async () => {
    const { capture } = await write();
    const last = join(capture.dir, '000000002.m4s');
    const whole = await readFile(last);
    const [, second] = capture.fragments.filter(({ segment }) => segment === '000000002.m4s');
    for (const rubbish of [
      Buffer.alloc(5_000),
      Buffer.alloc(5_000, 3),
      Buffer.from('0000000c6d6f6f66deadbeef', 'hex'),
    ]) {
      await writeFile(last, Buffer.concat([whole.subarray(0, second!.offset), rubbish]));
      expect((await reopened().readCaptures('cam'))[0]?.fragments).toHaveLength(4);
    }
  });

  it('only reads the log of another recorder, which may live', async () => {
    expect(await readForeignCaptures(join(dir, 'nowhere'), 'cam')).toEqual([]);
    const { capture } = await write();
    await write(T + 60_000);
    await mkdir(join(dir, 'cameras', 'cam', '17-begun'));
    await mkdir(join(dir, 'cameras', 'cam', '18-torn'));
    await writeFile(join(dir, 'cameras', 'cam', '18-torn', 'init.mp4'), 'torn');
    const before = await listing(dir);
    const read = await readForeignCaptures(dir, 'cam');
    expect(read.map(({ epochMs, fragments }) => [epochMs, fragments.length])).toEqual([
      [capture.epochMs, 5],
      [capture.epochMs + 60_000, 5],
    ]);
    expect(read[0]).toMatchObject({ fragments: capture.fragments, openSegment: null });
    expect(await listing(dir)).toEqual(before);
    expect(await readForeignCaptures(dir, 'another')).toEqual([]);
  });

  it('keeps the footage when capture.json is lost or cut off', async () => {
    const { capture } = await write();
    for (const damage of [
      () => rm(join(capture.dir, 'capture.json')),
      () => writeFile(join(capture.dir, 'capture.json'), '{"epo'),
    ]) {
      await damage();
      const [read] = await reopened().readCaptures('cam');
      expect(read?.fragments).toEqual(capture.fragments);
      expect(read).toMatchObject({ captureId: capture.captureId, cameraId: 'cam', epochMs: T });
    }
  });

  it('removes a folder without an init segment, and leaves one alone that it cannot read', async () => {
    const { capture } = await write();
    await mkdir(join(dir, 'cameras', 'cam', '17-empty'));
    await writeFile(join(capture.dir, 'init.mp4'), 'torn');
    expect(await reopened().readCaptures('cam')).toEqual([]);
    expect(await readdir(join(dir, 'cameras', 'cam'))).toEqual([capture.captureId]);
  });

  it('reads again after a failure, instead of failing for ever', async () => {
    await mkdir(join(dir, 'cameras'));
    await writeFile(join(dir, 'cameras', 'cam'), 'a file where a folder should be');
    await expect(log.readCaptures('cam')).rejects.toThrow(/ENOTDIR/);
    await rm(join(dir, 'cameras', 'cam'));
    await expect(log.readCaptures('cam')).resolves.toEqual([]);
  });

  it('fits the clock to the earliest arrival: what FFmpeg held back at first came late', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture('cam', init.bytes, T);
    const epochs: number[] = [];
    const lateMs = [900, 400, 30, 80, 30];
    let takenMs = T;
    for (const [index, { moof, mdat }] of fragments.entries()) {
      takenMs += [900, 1_000, 100, 1_000, 1_000][index]!;
      await writer.append(moof, mdat, at(takenMs + lateMs[index]!));
      epochs.push(writer.capture.epochMs + 10_000 - T);
    }
    expect(epochs).toEqual([900, 400, 30, 30, 30]);
    await writer.settle();
    expect((await reopened().readCaptures('cam'))[0]?.epochMs).toBe(writer.capture.epochMs);
  });

  it('follows a camera whose clock runs slow, and reads the same times back', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture('cam', init.bytes, T);
    const loopMs = 4_000;
    for (let loop = 0; loop < 60; loop += 1) {
      for (const { moof: once, mdat } of fragments) {
        const moof = Buffer.from(once);
        shiftFragment(moof, init, loop * loopMs);
        const { startMs, durationMs } = readFragmentTiming(moof, init)!;
        await writer.append(moof, mdat, at(T + (startMs + durationMs) * 1.0004));
      }
    }
    await writer.settle();
    const { capture } = writer;
    const [first, last] = [capture.fragments[0]!, capture.fragments.at(-1)!];
    const drifted = (ms: number) => ms * 0.0004;
    const offMs = last.startMs - first.startMs - (59 * loopMs + 3_000 + drifted(59 * loopMs));
    expect(Math.abs(offMs)).toBeLessThan(60);
    expect(capture.anchors!.length).toBeGreaterThan(1);
    const [read] = await reopened().readCaptures('cam');
    expect(read).toMatchObject({ anchors: capture.anchors, epochMs: capture.epochMs });
    expect(read!.fragments).toEqual(capture.fragments);
    // What is assembled keeps the camera's own rhythm: only the place of a take follows the clock.
    const range = { startMs: capture.epochMs + last.startMs - 2_500, endMs: Infinity };
    const takes = selectFootage([read!], range);
    expect(takes[0]!.span.startMs).toBeCloseTo(capture.epochMs + takes[0]!.fragments[0]!.startMs, 6);
  });

  describe('when the size changes within a session', () => {
    const { init, fragments } = readFixture('h264-two-sizes');
    const widths = (captures: readonly StoredCapture[]) => captures.map((capture) => capture.init.video.width);
    const known = ({ captureId, epochMs, anchors, fragments: all }: StoredCapture) => ({
      ...{ captureId, epochMs, anchors, fragments: all },
    });

    function expectMeeting(captures: readonly StoredCapture[]): void {
      const takes = selectFootage(captures, { startMs: 0, endMs: Infinity });
      expect(takes).toHaveLength(captures.length);
      for (const [index, { span }] of takes.slice(1).entries()) {
        expect(span.startMs).toBeCloseTo(takes[index]!.span.endMs, 3);
      }
    }

    it('goes on in other captures that meet, whatever is found out of the clock later', async () => {
      const writer = await log.openCapture('cam', init.bytes, T);
      const lateMs = [900, 900, 700, 400, 100, 0];
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const written = await writer.append(moof, mdat, at(T + (index + 1) * 1_000 + lateMs[index]!));
        expect(written).toMatchObject([{ capture: writer.capture, isClockSet: false }]);
      }
      await writer.close(T + 6_000, 'camera_lost');
      const captures = await log.readCaptures('cam');
      expect(widths(captures)).toEqual([64, 98, 64]);
      expect(captures.map(({ fragments: all }) => all.length)).toEqual([2, 2, 2]);
      expect(captures.map(({ epochMs }) => epochMs)).toEqual(
        captures.map(() => T - readFragmentTiming(fragments[0]!.moof, init)!.startMs),
      );
      expect(captures.map(({ endCause, openSegment }) => [endCause, openSegment])).toEqual([
        [null, null],
        [null, null],
        ['camera_lost', null],
      ]);
      expectMeeting(captures);
      expect((await reopened().readCaptures('cam')).map(known)).toEqual(captures.map(known));
    });

    it('keeps the captures in order when all of it comes at once', async () => {
      const writer = await log.openCapture('cam', init.bytes, T);
      for (const { moof, mdat } of fragments) await writer.append(moof, mdat, at(T));
      await writer.close(T, null);
      expect(widths(await reopened().readCaptures('cam'))).toEqual([64, 98, 64]);
      expectMeeting(await log.readCaptures('cam'));
    });

    it('does both when the clock is set at the same key frame', async () => {
      const writer = await log.openCapture('cam', init.bytes, T);
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const arrival = at(T + (index + 1) * 1_000);
        const wallMs = arrival.wallMs + (index < 2 ? 0 : 5_000);
        const [written] = await writer.append(moof, mdat, { ...arrival, wallMs });
        expect(written!.isClockSet).toBe(index === 2);
      }
      await writer.close(T, null);
      const captures = await log.readCaptures('cam');
      expect(widths(captures)).toEqual([64, 98, 64]);
      expect(captures[1]!.epochMs - captures[0]!.epochMs).toBeCloseTo(5_000, 3);
      expect(captures[2]!.epochMs).toBe(captures[1]!.epochMs);
      expectMeeting(captures.slice(1));
    });

    it('goes on where an ended capture was deleted meanwhile', async () => {
      const writer = await log.openCapture('cam', init.bytes, T);
      for (const [index, { moof, mdat }] of fragments.entries()) {
        // Each comes sooner than the last one made think: the clock is written down, also where nothing is any more.
        await writer.append(moof, mdat, at(T + (index + 1) * 1_000 - index * 50));
        const [oldest, ...others] = await log.readCaptures('cam');
        if (others.length > 0) await log.removeCapture(oldest!);
      }
      await writer.close(T, null);
      expect(widths(await reopened().readCaptures('cam'))).toEqual([64]);
    });
  });

  it('holds no footage for long, however odd the times of its frames are', async () => {
    const { init } = readFixture('h264-aac');
    const writer = await log.openCapture('cam', init.bytes, T);
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
    const writer = await log.openCapture('cam', init.bytes, T);
    const step = 1_024; // ten frames a second
    const append = (startTicks: number, durations: number[], arrivedAtMs: number) => {
      const samples = durations.map((durationTicks) => ({ durationTicks, compositionTicks: 0 }));
      return writer.append(makeMoof(startTicks, samples), Buffer.alloc(16), at(arrivedAtMs));
    };
    const even = Array<number>(10).fill(step);
    expect(await append(100_000, even, T + 1_000)).toHaveLength(1);
    expect(await append(100_000 + 10 * step, [...even.slice(5), ...Array<number>(5).fill(1)], T + 2_000)).toEqual([]);
    expect(writer.isHolding).toBe(true);
    const [last, ...others] = await writer.close(T + 2_100, 'camera_lost');
    expect(others).toEqual([]);
    expect(last).toMatchObject({ capture: writer.capture, fragment: { frames: 10 } });
    expect(writer.capture.fragments).toHaveLength(2);
  });

  it('tells what the disk says to a fragment at the next one', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture('cam', init.bytes, T);
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

  it('removes segments and captures, and the folder of a camera that has none left', async () => {
    const writer = await write();
    await writer.close(T, null);
    await log.removeSegment(writer.capture, '000000001.m4s');
    expect(writer.capture.fragments).toHaveLength(2);
    expect(await readdir(writer.capture.dir)).toEqual(['000000002.m4s', 'capture.json', 'init.mp4']);
    await log.removeCapture(writer.capture);
    await log.removeCapture(writer.capture);
    expect(await log.readCaptures('cam')).toEqual([]);
    expect(await log.findCameras()).toEqual([]);
    const again = await write(T + 60_000);
    expect((await stat(again.capture.dir)).isDirectory()).toBe(true);
    expect(await log.readCaptures('cam')).toEqual([again.capture]);
  });

  it('counts a capture as ended even when the disk does not take its end', async () => {
    const writer = await write();
    await rm(writer.capture.dir, { recursive: true });
    await expect(writer.close(T, null)).rejects.toThrow(/ENOENT/);
    expect(writer.capture.openSegment).toBeNull();
  });
});

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
