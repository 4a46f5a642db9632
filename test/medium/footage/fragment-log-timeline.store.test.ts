import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { selectFootage } from '../../../src/modules/footage/domain/footage.js';
import type { CaptureWriter, StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { readFragmentTiming, shiftFragment } from '../../../src/mp4/fragment.js';
import { readFixture } from '../../support/footage.js';
import { at, CAM, FragmentLogRig, T } from './fragment-log-rig.js';

const LOOPS = 60;
const LOOP_MS = 4_000;

describe('FragmentLog', () => {
  let rig: FragmentLogRig;
  beforeEach(async () => {
    rig = await FragmentLogRig.open();
  });
  afterEach(() => rig.close());

  /** A camera whose clock runs slow by 400 ppm for four minutes. */
  async function drift(): Promise<CaptureWriter> {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await rig.log.openCapture(CAM, init.bytes, T);
    for (let loop = 0; loop < LOOPS; loop += 1) {
      for (const { moof: once, mdat } of fragments) {
        const moof = Buffer.from(once);
        shiftFragment(moof, init, loop * LOOP_MS);
        const { startMs, durationMs } = readFragmentTiming(moof, init)!;
        const written = await writer.append(moof, mdat, at(T + (startMs + durationMs) * 1.0004));
        rig.told.push(...written.map(({ fragment }) => fragment));
      }
    }
    await writer.settle();
    return writer;
  }

  it('fits the clock to the earliest arrival: what FFmpeg held back at first came late', async () => {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await rig.log.openCapture(CAM, init.bytes, T);
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
    expect((await rig.reopened().readCaptures(CAM))[0]?.epochMs).toBe(writer.capture.epochMs);
  });

  it('follows a camera whose clock runs slow, and reads the same times back', async () => {
    const writer = await drift();
    const capture = await rig.stored(writer);
    const [first, last] = [capture.fragments[0]!, capture.fragments.at(-1)!];
    const drifted = (ms: number) => ms * 0.0004;
    const offMs = last.startMs - first.startMs - ((LOOPS - 1) * LOOP_MS + 3_000 + drifted((LOOPS - 1) * LOOP_MS));
    expect(Math.abs(offMs)).toBeLessThan(60);
    expect(capture.anchors!.length).toBeGreaterThan(1);
    const [read] = await rig.reopened().readCaptures(CAM);
    expect(read).toMatchObject({ anchors: capture.anchors, epochMs: capture.epochMs });
    expect(read!.fragments).toEqual(rig.told);
    expect(capture.fragments).toEqual(rig.told);
    // What is assembled keeps the camera's own rhythm: only the place of a take follows the clock.
    const range = { startMs: capture.epochMs + last.startMs - 2_500, endMs: Infinity };
    const takes = selectFootage([read!], range);
    expect(takes[0]!.span.startMs).toBeCloseTo(capture.epochMs + takes[0]!.fragments[0]!.startMs, 6);
  });

  it('drops the anchors of what was removed, here and on disk, and tells the times of the rest as before', async () => {
    const writer = await drift();
    const [capture] = await rig.log.listCaptures(CAM);
    const before = [...(capture!.anchors ?? [])];
    const names = [...capture!.sealed.names()];
    const gone = names.slice(0, names.length - 3);
    await rig.log.removeSegments(capture!, gone);
    await writer.settle();
    expect(before.length).toBeGreaterThan(1);
    expect(capture!.anchors).toEqual(before.slice(-1));
    const left = rig.told.filter(({ segment }) => !gone.includes(segment));
    const [read] = await rig.reopened().readCaptures(CAM);
    expect(read).toMatchObject({ anchors: capture!.anchors, fragments: left });
    expect((await rig.stored(writer)).fragments).toEqual(left);
    await rig.log.removeSegments(capture!, [...capture!.sealed.names()]);
    expect(capture!.anchors).toEqual(before.slice(-1));
    await writer.close(T, null);
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
      const writer = await rig.log.openCapture(CAM, init.bytes, T);
      const lateMs = [900, 900, 700, 400, 100, 0];
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const written = await writer.append(moof, mdat, at(T + (index + 1) * 1_000 + lateMs[index]!));
        expect(written).toMatchObject([{ capture: writer.capture, isClockSet: false }]);
      }
      await writer.close(T + 6_000, 'camera_lost');
      const captures = await rig.log.readCaptures(CAM);
      expect(widths(captures)).toEqual([64, 98, 64]);
      expect(captures.map(({ fragments: all }) => all.length)).toEqual([2, 2, 2]);
      expect(captures.map(({ epochMs }) => epochMs)).toEqual(
        captures.map(() => T - readFragmentTiming(fragments[0]!.moof, init)!.startMs),
      );
      const indexed = await rig.log.listCaptures(CAM);
      expect(indexed.map(({ endCause, openSegment }) => [endCause, openSegment])).toEqual([
        [null, null],
        [null, null],
        ['camera_lost', null],
      ]);
      expectMeeting(captures);
      expect((await rig.reopened().readCaptures(CAM)).map(known)).toEqual(captures.map(known));
    });

    it('keeps the captures in order when all of it comes at once', async () => {
      const writer = await rig.log.openCapture(CAM, init.bytes, T);
      for (const { moof, mdat } of fragments) await writer.append(moof, mdat, at(T));
      await writer.close(T, null);
      expect(widths(await rig.reopened().readCaptures(CAM))).toEqual([64, 98, 64]);
      expectMeeting(await rig.log.readCaptures(CAM));
    });

    it('does both when the clock is set at the same key frame', async () => {
      const writer = await rig.log.openCapture(CAM, init.bytes, T);
      for (const [index, { moof, mdat }] of fragments.entries()) {
        const arrival = at(T + (index + 1) * 1_000);
        const wallMs = arrival.wallMs + (index < 2 ? 0 : 5_000);
        const [written] = await writer.append(moof, mdat, { ...arrival, wallMs });
        expect(written!.isClockSet).toBe(index === 2);
      }
      await writer.close(T, null);
      const captures = await rig.log.readCaptures(CAM);
      expect(widths(captures)).toEqual([64, 98, 64]);
      expect(captures[1]!.epochMs - captures[0]!.epochMs).toBeCloseTo(5_000, 3);
      expect(captures[2]!.epochMs).toBe(captures[1]!.epochMs);
      expectMeeting(captures.slice(1));
    });

    it('goes on where an ended capture was deleted meanwhile', async () => {
      const writer = await rig.log.openCapture(CAM, init.bytes, T);
      for (const [index, { moof, mdat }] of fragments.entries()) {
        // Each comes sooner than the last one made think: the clock is written down, also where nothing is any more.
        await writer.append(moof, mdat, at(T + (index + 1) * 1_000 - index * 50));
        const [oldest, ...others] = await rig.log.listCaptures(CAM);
        if (others.length > 0) await rig.log.removeCapture(oldest!);
      }
      await writer.close(T, null);
      expect(widths(await rig.reopened().readCaptures(CAM))).toEqual([64]);
    });
  });
});
