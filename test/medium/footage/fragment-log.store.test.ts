import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLogger } from '../../../src/common/logging.js';
import { mainStream, type StreamId } from '../../../src/schema/stream-id.js';
import { selectFootage, type StoredFragment } from '../../../src/modules/footage/domain/footage.js';
import { everything, named } from '../../../src/modules/footage/domain/segment-choice.js';
import { ForeignCaptures } from '../../../src/modules/footage/foreign-captures.store.js';
import {
  type CaptureWriter,
  FragmentLog,
  type StoredCapture,
} from '../../../src/modules/footage/fragment-log.store.js';
import { streamFragments } from '../../../src/modules/footage/fragment-stream.store.js';
import { buildBox } from '../../../src/mp4/box-writer.js';
import { readFragmentTiming, shiftFragment } from '../../../src/mp4/fragment.js';
import { makeMoof, readFixture } from '../../support/footage.js';
import { eventually } from '../../support/recorder/eventually.js';

const CAM = mainStream('cam');
const T = 1_800_000_000_000;
const LIMITS = { segmentMs: 2_000, fsyncMs: 0 };
const LOOPS = 60;
const LOOP_MS = 4_000;
const logger = createLogger('silent');

/** Something came then, and nobody sets the clock. */
const at = (wallMs: number) => ({ wallMs, monoMs: wallMs - T });

describe('FragmentLog', () => {
  let dir: string;
  let log: FragmentLog;
  let tornBytes: number[];
  /** What the log told when it was written. */
  let told: StoredFragment[];
  beforeEach(async () => {
    [tornBytes, told] = [[], []];
    dir = await mkdtemp(join(tmpdir(), 'hindsight-log-'));
    log = new FragmentLog(dir, LIMITS, logger);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const reopened = () => new FragmentLog(dir, LIMITS, logger, (bytes) => tornBytes.push(bytes));

  /** The fixture as a capture that began at `startMs`; each fragment arrives when its last frame was taken. */
  async function write(startMs = T, stream = CAM): Promise<CaptureWriter> {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture(stream, init.bytes, startMs);
    let arrivedAtMs = startMs;
    for (const { moof, mdat } of fragments) {
      const [{ fragment } = {}] = await writer.append(moof, mdat, at((arrivedAtMs += 1_000)));
      told.push(fragment!);
      arrivedAtMs = startMs + fragment!.startMs + fragment!.durationMs - 10_000;
    }
    await writer.settle();
    return writer;
  }

  const foreign = (rootDir: string, stream = CAM) => new ForeignCaptures().read(rootDir, stream);

  /** What the log has of a capture, fragments and all. */
  async function stored({ capture }: CaptureWriter): Promise<StoredCapture> {
    const captures = await log.readCaptures(CAM);
    return captures.find(({ captureId }) => captureId === capture.captureId)!;
  }

  const bytesOf = async (of: FragmentLog, stream = CAM) => {
    const chunks: Buffer[] = [];
    const takes = selectFootage(await of.readCaptures(stream), { startMs: 0, endMs: Infinity });
    for await (const chunk of streamFragments(takes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('reads back from disk what was written, after an end and after a crash', async () => {
    const writer = await write();
    const { fragments, epochMs, configDigest } = await stored(writer);
    expect(fragments).toHaveLength(5);
    expect(fragments).toEqual(told);
    for (const end of [() => Promise.resolve(), () => writer.close(T + 4_000, 'camera_lost')]) {
      await end();
      const [read, ...others] = await reopened().readCaptures(CAM);
      expect(others).toEqual([]);
      expect(read).toMatchObject({ fragments, epochMs, configDigest, cameraId: 'cam' });
    }
    expect((await reopened().readCaptures(CAM))[0]).toMatchObject({ endedAtMs: T + 4_000, endCause: 'camera_lost' });
    expect((await bytesOf(reopened())).equals(await bytesOf(log))).toBe(true);
  });

  it('begins a new segment at a key frame, once the last one is long enough', async () => {
    const writer = await write();
    await writer.close(T, null);
    expect((await stored(writer)).fragments.map(({ segment, isSync }) => [segment, isSync])).toEqual([
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
      for (const captures of [await reopened().readCaptures(CAM), await foreign(dir)]) {
        expect([...new Set(captures[0]!.fragments.map(({ segment }) => segment))]).toEqual(next);
      }
      expect((await bytesOf(reopened())).equals(before)).toBe(true);
    }
  });

  it('cuts a torn tail off and counts it, wherever it is torn', async () => {
    const capture = await stored(await write());
    const last = join(capture.dir, '000000002.m4s');
    const untorn = await readFile(last);
    const inSegment = capture.fragments.filter(({ segment }) => segment === '000000002.m4s');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: untorn.length }), async (size) => {
        await writeFile(last, untorn);
        await truncate(last, size);
        const left = inSegment.filter(({ offset, sizeBytes }) => offset + sizeBytes <= size);
        const [seen] = await foreign(dir);
        expect((await stat(last)).size).toBe(size);
        expect(tornBytes.splice(0)).toEqual([]);
        const [read] = await reopened().readCaptures(CAM);
        expect(read?.fragments).toEqual([...capture.fragments.slice(0, 3), ...left]);
        expect(seen).toEqual(read);
        const whole = left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect((await stat(last)).size).toBe(whole);
        expect(tornBytes.splice(0)).toEqual(size > whole ? [size - whole] : []);
        await reopened().readCaptures(CAM);
        expect(tornBytes).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('stops before what a power loss made of the tail', async () => {
    const capture = await stored(await write());
    const last = join(capture.dir, '000000002.m4s');
    const whole = await readFile(last);
    const [, second] = capture.fragments.filter(({ segment }) => segment === '000000002.m4s');
    for (const rubbish of [
      Buffer.alloc(5_000),
      Buffer.alloc(5_000, 3),
      Buffer.from('0000000c6d6f6f66deadbeef', 'hex'),
    ]) {
      await writeFile(last, Buffer.concat([whole.subarray(0, second!.offset), rubbish]));
      expect((await reopened().readCaptures(CAM))[0]?.fragments).toHaveLength(4);
    }
  });

  it('only reads the log of another recorder, which may live', async () => {
    expect(await foreign(join(dir, 'nowhere'))).toEqual([]);
    const capture = await stored(await write());
    await write(T + 60_000);
    await mkdir(join(dir, 'cameras', 'cam', '17-begun'));
    await mkdir(join(dir, 'cameras', 'cam', '18-torn'));
    await writeFile(join(dir, 'cameras', 'cam', '18-torn', 'init.mp4'), 'torn');
    const before = await listing(dir);
    const read = await foreign(dir);
    expect(read.map(({ epochMs, fragments }) => [epochMs, fragments.length])).toEqual([
      [capture.epochMs, 5],
      [capture.epochMs + 60_000, 5],
    ]);
    expect(read[0]).toMatchObject({ fragments: capture.fragments });
    expect(await listing(dir)).toEqual(before);
    expect(await foreign(dir, mainStream('another'))).toEqual([]);
  });

  it('keeps the footage when capture.json is lost or cut off', async () => {
    const capture = await stored(await write());
    for (const damage of [
      () => rm(join(capture.dir, 'capture.json')),
      () => writeFile(join(capture.dir, 'capture.json'), '{"epo'),
    ]) {
      await damage();
      const [read] = await reopened().readCaptures(CAM);
      expect(read?.fragments).toEqual(capture.fragments);
      expect(read).toMatchObject({ captureId: capture.captureId, cameraId: 'cam', epochMs: T });
    }
  });

  it('removes a folder without an init segment, and leaves one alone that it cannot read', async () => {
    const { capture } = await write();
    await mkdir(join(dir, 'cameras', 'cam', '17-empty'));
    await writeFile(join(capture.dir, 'init.mp4'), 'torn');
    expect(await reopened().readCaptures(CAM)).toEqual([]);
    expect(await readdir(join(dir, 'cameras', 'cam'))).toEqual([capture.captureId]);
  });

  it('reads again after a failure, instead of failing for ever', async () => {
    await mkdir(join(dir, 'cameras'));
    await writeFile(join(dir, 'cameras', 'cam'), 'a file where a folder should be');
    await expect(log.readCaptures(CAM)).rejects.toThrow(/ENOTDIR/);
    await rm(join(dir, 'cameras', 'cam'));
    await expect(log.readCaptures(CAM)).resolves.toEqual([]);
  });

  it('fits the clock to the earliest arrival: what FFmpeg held back at first came late', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture(CAM, init.bytes, T);
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
    expect((await reopened().readCaptures(CAM))[0]?.epochMs).toBe(writer.capture.epochMs);
  });

  /** A camera whose clock runs slow by 400 ppm for four minutes. */
  async function drift(): Promise<CaptureWriter> {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture(CAM, init.bytes, T);
    for (let loop = 0; loop < LOOPS; loop += 1) {
      for (const { moof: once, mdat } of fragments) {
        const moof = Buffer.from(once);
        shiftFragment(moof, init, loop * LOOP_MS);
        const { startMs, durationMs } = readFragmentTiming(moof, init)!;
        const written = await writer.append(moof, mdat, at(T + (startMs + durationMs) * 1.0004));
        told.push(...written.map(({ fragment }) => fragment));
      }
    }
    await writer.settle();
    return writer;
  }

  it('follows a camera whose clock runs slow, and reads the same times back', async () => {
    const writer = await drift();
    const capture = await stored(writer);
    const [first, last] = [capture.fragments[0]!, capture.fragments.at(-1)!];
    const drifted = (ms: number) => ms * 0.0004;
    const offMs = last.startMs - first.startMs - ((LOOPS - 1) * LOOP_MS + 3_000 + drifted((LOOPS - 1) * LOOP_MS));
    expect(Math.abs(offMs)).toBeLessThan(60);
    expect(capture.anchors!.length).toBeGreaterThan(1);
    const [read] = await reopened().readCaptures(CAM);
    expect(read).toMatchObject({ anchors: capture.anchors, epochMs: capture.epochMs });
    expect(read!.fragments).toEqual(told);
    expect(capture.fragments).toEqual(told);
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
      const writer = await log.openCapture(CAM, init.bytes, T);
      const lateMs = [900, 900, 700, 400, 100, 0];
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const written = await writer.append(moof, mdat, at(T + (index + 1) * 1_000 + lateMs[index]!));
        expect(written).toMatchObject([{ capture: writer.capture, isClockSet: false }]);
      }
      await writer.close(T + 6_000, 'camera_lost');
      const captures = await log.readCaptures(CAM);
      expect(widths(captures)).toEqual([64, 98, 64]);
      expect(captures.map(({ fragments: all }) => all.length)).toEqual([2, 2, 2]);
      expect(captures.map(({ epochMs }) => epochMs)).toEqual(
        captures.map(() => T - readFragmentTiming(fragments[0]!.moof, init)!.startMs),
      );
      const indexed = await log.listCaptures(CAM);
      expect(indexed.map(({ endCause, openSegment }) => [endCause, openSegment])).toEqual([
        [null, null],
        [null, null],
        ['camera_lost', null],
      ]);
      expectMeeting(captures);
      expect((await reopened().readCaptures(CAM)).map(known)).toEqual(captures.map(known));
    });

    it('keeps the captures in order when all of it comes at once', async () => {
      const writer = await log.openCapture(CAM, init.bytes, T);
      for (const { moof, mdat } of fragments) await writer.append(moof, mdat, at(T));
      await writer.close(T, null);
      expect(widths(await reopened().readCaptures(CAM))).toEqual([64, 98, 64]);
      expectMeeting(await log.readCaptures(CAM));
    });

    it('does both when the clock is set at the same key frame', async () => {
      const writer = await log.openCapture(CAM, init.bytes, T);
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const arrival = at(T + (index + 1) * 1_000);
        const wallMs = arrival.wallMs + (index < 2 ? 0 : 5_000);
        const [written] = await writer.append(moof, mdat, { ...arrival, wallMs });
        expect(written!.isClockSet).toBe(index === 2);
      }
      await writer.close(T, null);
      const captures = await log.readCaptures(CAM);
      expect(widths(captures)).toEqual([64, 98, 64]);
      expect(captures[1]!.epochMs - captures[0]!.epochMs).toBeCloseTo(5_000, 3);
      expect(captures[2]!.epochMs).toBe(captures[1]!.epochMs);
      expectMeeting(captures.slice(1));
    });

    it('goes on where an ended capture was deleted meanwhile', async () => {
      const writer = await log.openCapture(CAM, init.bytes, T);
      for (const [index, { moof, mdat }] of fragments.entries()) {
        // Each comes sooner than the last one made think: the clock is written down, also where nothing is any more.
        await writer.append(moof, mdat, at(T + (index + 1) * 1_000 - index * 50));
        const [oldest, ...others] = await log.listCaptures(CAM);
        if (others.length > 0) await log.removeCapture(oldest!);
      }
      await writer.close(T, null);
      expect(widths(await reopened().readCaptures(CAM))).toEqual([64]);
    });
  });

  it('holds no footage for long, however odd the times of its frames are', async () => {
    const { init } = readFixture('h264-aac');
    const writer = await log.openCapture(CAM, init.bytes, T);
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
    const writer = await log.openCapture(CAM, init.bytes, T);
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
    expect((await stored(writer)).fragments).toHaveLength(2);
  });

  it('tells what the disk says to a fragment at the next one', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture(CAM, init.bytes, T);
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

  describe('of a segment that is closed', () => {
    /** Changes bytes of a file as a failing disk does: nobody wrote it. */
    async function rot(path: string, at: number): Promise<void> {
      const { atime, mtimeMs } = await stat(path);
      const bytes = await readFile(path);
      bytes.fill(0xff, at, at + 8);
      await writeFile(path, bytes);
      await utimes(path, atime, (Math.floor(mtimeMs) + 0.5) / 1_000);
    }

    it('keeps a descriptor in memory, and its fragments on disk', async () => {
      const writer = await write();
      const [capture] = await log.listCaptures(CAM);
      expect(capture).toMatchObject({ open: [{ segment: '000000002.m4s' }, { segment: '000000002.m4s' }] });
      expect([...capture!.sealed.names()]).toEqual(['000000001.m4s']);
      await writer.close(T, null);
      expect(capture!.open).toEqual([]);
      expect([...capture!.sealed.names()]).toEqual(['000000001.m4s', '000000002.m4s']);
      expect((await stored(writer)).fragments).toEqual(told);
      const [again] = await reopened().listCaptures(CAM);
      expect(again!.open).toEqual([]);
      expect([0, 1].map((index) => again!.sealed.at(index))).toEqual([0, 1].map((index) => capture!.sealed.at(index)));
    });

    it('reads only what was asked for', async () => {
      const writer = await write();
      await writer.close(T, null);
      await rm(join(writer.capture.dir, '000000002.m4s'));
      const { epochMs } = writer.capture;
      const first = { startMs: epochMs + told[0]!.startMs, endMs: epochMs + told[1]!.startMs };
      const [read] = await log.readCaptures(
        CAM,
        named(new Map([[writer.capture.captureId, new Set(['000000001.m4s'])]])),
      );
      expect(selectFootage([read!], first)[0]!.fragments).toEqual(told.slice(0, 1));
      expect(read!.fragments).toEqual(told.slice(0, 3));
    });

    it('is opened by what was noted of it, and its damage is found, once, when it is read', async () => {
      const writer = await write();
      await writer.close(T, null);
      await rot(join(writer.capture.dir, '000000001.m4s'), told[1]!.offset);
      const again = reopened();
      const [capture] = await again.listCaptures(CAM);
      expect([tornBytes, capture!.sealed.length]).toEqual([[], 2]);
      for (let turn = 0; turn < 2; turn += 1) {
        const [read] = await again.readCaptures(CAM);
        expect(read!.fragments).toEqual([told[0], ...told.slice(3)]);
      }
      expect(tornBytes).toEqual([told[1]!.sizeBytes + told[2]!.sizeBytes]);
    });

    it.each<[string, (dir: string) => Promise<unknown>]>([
      ['was written to', (at) => writeFile(join(at, '000000001.m4s'), 'xxxxxxxxxxxx', { flag: 'r+' })],
      ['is shorter than noted', (at) => truncate(join(at, '000000001.m4s'), 20)],
    ])('is read by the next start where it %s', async (_what, damage) => {
      const writer = await write();
      await writer.close(T, null);
      await damage(writer.capture.dir);
      const [capture] = await reopened().listCaptures(CAM);
      expect([...capture!.sealed.names()]).toEqual(['000000002.m4s']);
      expect(tornBytes).toHaveLength(1);
    });

    it.each<[string, (path: string) => Promise<unknown>]>([
      ['lost', (path) => rm(path)],
      ['cut off', (path) => truncate(path, 30)],
      ['damaged', async (path) => writeFile(path, (await readFile(path, 'utf8')).replace(/[1-8]/g, '9'))],
    ])('is read by the next start where its note is %s, and noted again', async (_what, damage) => {
      const writer = await write();
      await writer.close(T, null);
      const notes = join(writer.capture.dir, 'segments-0.jsonl');
      await damage(notes);
      expect((await reopened().readCaptures(CAM))[0]!.fragments).toEqual(told);
      await rot(join(writer.capture.dir, '000000001.m4s'), 0);
      expect((await reopened().listCaptures(CAM))[0]!.sealed.length).toBe(2);
      expect(tornBytes).toEqual([]);
    });
  });

  it('gives all that was chosen at a moment at which nothing more of it is there, while it grows', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await log.openCapture(CAM, init.bytes, T);
    const writing = (async () => {
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const [written] = await writer.append(moof, mdat, at(T + index * 1_000));
        told.push(written!.fragment);
      }
    })();
    const counts: number[] = [];
    while (counts.at(-1) !== fragments.length) {
      const [inLog, known] = await log.readCaptures(
        CAM,
        everything,
        ([read]) => [read!.fragments, told.length] as const,
      );
      // What was told is in it; the last one may be there before it is told.
      expect(inLog.slice(0, known)).toEqual(told.slice(0, known));
      counts.push(inLog.length);
      await setImmediate();
    }
    await writing;
    await writer.close(T, null);
  });

  it('drops the anchors of what was removed, here and on disk, and tells the times of the rest as before', async () => {
    const writer = await drift();
    const [capture] = await log.listCaptures(CAM);
    const before = [...(capture!.anchors ?? [])];
    const names = [...capture!.sealed.names()];
    const gone = names.slice(0, names.length - 3);
    await log.removeSegments(capture!, gone);
    await writer.settle();
    expect(before.length).toBeGreaterThan(1);
    expect(capture!.anchors).toEqual(before.slice(-1));
    const left = told.filter(({ segment }) => !gone.includes(segment));
    const [read] = await reopened().readCaptures(CAM);
    expect(read).toMatchObject({ anchors: capture!.anchors, fragments: left });
    expect((await stored(writer)).fragments).toEqual(left);
    await log.removeSegments(capture!, [...capture!.sealed.names()]);
    expect(capture!.anchors).toEqual(before.slice(-1));
    await writer.close(T, null);
  });

  it('removes segments and captures, and the folder of a camera that has none left', async () => {
    const writer = await write();
    await writer.close(T, null);
    const [capture] = await log.listCaptures(CAM);
    await log.removeSegments(capture!, ['000000001.m4s']);
    expect((await stored(writer)).fragments).toHaveLength(2);
    expect(await readdir(capture!.dir)).toEqual(['000000002.m4s', 'capture.json', 'init.mp4', 'segments-0.jsonl']);
    await log.removeCapture(capture!);
    await log.removeCapture(capture!);
    expect(await log.readCaptures(CAM)).toEqual([]);
    expect(await log.findStreams()).toEqual([]);
    const again = await write(T + 60_000);
    expect((await stat(again.capture.dir)).isDirectory()).toBe(true);
    expect(await log.listCaptures(CAM)).toEqual([again.capture]);
  });

  describe('with two streams of one camera', () => {
    const SUB: StreamId = { cameraId: 'cam', stream: 'sub' };
    const idsOf = async (of: FragmentLog, stream: StreamId) =>
      (await of.listCaptures(stream)).map(({ captureId }) => captureId);

    it('keeps each in a folder of its own, and finds both again', async () => {
      const [main, sub] = [await write(T), await write(T, SUB)];
      for (const writer of [main, sub]) await writer.close(T + 4_000, null);
      expect((await readdir(join(dir, 'cameras'))).sort()).toEqual(['cam', 'cam.sub']);
      for (const each of [log, reopened()]) {
        expect(await each.findStreams()).toEqual(expect.arrayContaining([CAM, SUB]));
        expect(await idsOf(each, CAM)).toEqual([main.capture.captureId]);
        expect(await idsOf(each, SUB)).toEqual([sub.capture.captureId]);
        expect(await each.listCaptures(SUB)).toMatchObject([SUB]);
      }
      expect(await foreign(dir, SUB)).toMatchObject([{ captureId: sub.capture.captureId, cameraId: 'cam' }]);
    });

    it('tells whose a capture is by its folder when its description is lost', async () => {
      const writer = await write(T, SUB);
      await rm(join(writer.capture.dir, 'capture.json'));
      expect(await reopened().listCaptures(SUB)).toMatchObject([{ ...SUB, captureId: writer.capture.captureId }]);
    });

    it('removes one and leaves the other', async () => {
      for (const writer of [await write(T), await write(T, SUB)]) await writer.close(T + 4_000, null);
      const [capture] = await log.listCaptures(SUB);
      await log.removeCapture(capture!);
      expect(await log.findStreams()).toEqual([CAM]);
      expect(await log.listCaptures(SUB)).toEqual([]);
      expect(await log.listCaptures(CAM)).toHaveLength(1);
    });

    it('leaves alone what is named like no stream', async () => {
      await (await write()).close(T + 4_000, null);
      for (const name of ['cam.other', '.hidden', 'cam.main']) await mkdir(join(dir, 'cameras', name));
      expect(await log.findStreams()).toEqual([CAM]);
    });
  });

  it('counts a capture as ended even when the disk does not take its end', async () => {
    const writer = await write();
    await rm(writer.capture.dir, { recursive: true });
    await expect(writer.close(T, null)).rejects.toThrow(/ENOENT/);
    expect(await log.listCaptures(CAM)).toMatchObject([{ openSegment: null }]);
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
