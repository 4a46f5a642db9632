import type { FrameRange, JudgedRange, SentReport } from '@hindsight/virtual-camera';
import { UNREADABLE, heardRanges, judgeFrames } from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

const LOOP = 50;
const FPS = 25;
const STARTED_AT_MS = 1_700_000_000_000;

const range = (firstFrame: number, lastFrame: number, damaged = false): JudgedRange => ({
  ...{ firstFrame, lastFrame, damaged },
});
const framesOf = (ranges: readonly FrameRange[]) =>
  ranges.flatMap(({ firstFrame, lastFrame }) =>
    Array.from({ length: lastFrame - firstFrame + 1 }, (_, index) => firstFrame + index),
  );
const count = (frames: readonly number[]) => frames.map((frame) => frame % LOOP);
const none = { frames: 0, ranges: [] };
const at = (firstFrame: number, lastFrame = firstFrame) => ({
  frames: lastFrame - firstFrame + 1,
  ranges: [{ firstFrame, lastFrame }],
});

/** The clock of an object that holds these frames, wrong by `errorMs`. */
const clockOf = (frames: readonly number[], errorMs: (index: number) => number = () => 0) => ({
  startedAtMs: STARTED_AT_MS,
  fps: FPS,
  takenAtMs: (index: number) => STARTED_AT_MS + ((frames[index] ?? 0) * 1000) / FPS + errorMs(index),
});

describe('judgeFrames', () => {
  const judge = (counters: readonly number[], sent: readonly JudgedRange[]) =>
    judgeFrames(counters, sent, { loopLength: LOOP });

  it('finds nothing wrong with an object that has all that was sent, over several loops', () => {
    expect(judge(count(framesOf([range(30, 260)])), [range(30, 260)])).toEqual({
      ...{ lost: none, unreadable: none, duplicated: none, unexpected: none },
      ...{ firstFrame: 30, lastFrame: 260 },
    });
  });

  it('does not call lost what was sent to nobody, also for longer than a loop', () => {
    const sent = [range(10, 40), range(128, 190), range(400, 420)];
    expect(judge(count(framesOf(sent)), sent)).toMatchObject({ lost: none, duplicated: none, lastFrame: 420 });
  });

  it('says which frames are lost: at the start, over a reconnect, within, and at the end', () => {
    const sent = [range(100, 140), range(200, 260)];
    const kept = framesOf(sent).filter(
      (frame) => frame >= 103 && frame !== 120 && (frame < 135 || frame >= 210) && frame < 255,
    );
    const { lost, unexpected } = judge(count(kept), sent);
    expect(unexpected).toEqual(none);
    expect(lost).toEqual({
      frames: 3 + 1 + 6 + 10 + 6,
      ranges: [range(100, 102), range(120, 120), range(135, 140), range(200, 209), range(255, 260)].map(
        ({ firstFrame, lastFrame }) => ({ firstFrame, lastFrame }),
      ),
    });
  });

  it('counts every repetition', () => {
    const frames = [...framesOf([range(60, 80)]), ...framesOf([range(75, 90)]), 90, 91];
    expect(judge(count(frames), [range(60, 91)])).toMatchObject({
      ...{ lost: none, unexpected: none },
      duplicated: { frames: 7, ranges: [range(75, 80), range(90, 90)].map(({ damaged: _, ...each }) => each) },
    });
  });

  it('counts an unreadable frame once, as unreadable and not as lost', () => {
    const counters = [5, 6, UNREADABLE, 8, UNREADABLE, UNREADABLE, 12, 13, UNREADABLE];
    const { lost, unreadable } = judge(counters, [range(5, 14)]);
    expect(unreadable.ranges).toEqual([range(7, 7), range(9, 10), range(14, 14)].map(({ damaged: _, ...r }) => r));
    expect(unreadable.frames).toBe(4);
    expect(lost).toEqual(at(11));
  });

  it('takes unreadable frames before the first readable one for those before it', () => {
    const { lost, unreadable } = judge([UNREADABLE, UNREADABLE, 7, 8], [range(4, 8)]);
    expect({ lost, unreadable }).toEqual({ lost: at(4), unreadable: at(5, 6) });
  });

  it('charges nobody with frames that were damaged on their way, there or not', () => {
    const sent = [range(0, 9), range(10, 14, true), range(15, 30)];
    const counters = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, UNREADABLE, 14, 15, 16, 17];
    const { lost, unreadable, duplicated, unexpected } = judge(counters, [...sent]);
    expect({ lost, unreadable, duplicated, unexpected }).toEqual({
      ...{ lost: at(18, 30), unreadable: none, duplicated: none, unexpected: none },
    });
  });

  it('takes a frame as sent whole when one of two sessions had it whole', () => {
    expect(judge([1, 3], [range(1, 3, true), range(2, 3)])).toMatchObject({ lost: at(2) });
  });

  it('finds frames that were never sent', () => {
    expect(judge(count(framesOf([range(10, 45)])), [range(10, 30)])).toMatchObject({
      ...{ unexpected: at(31, 45), lost: none },
    });
    expect(judge([1, 2], [])).toMatchObject({ unexpected: { frames: 2 }, lost: none });
  });

  it('has lost everything in an object without frames, or without readable ones', () => {
    const nothing = judge([], [range(10, 30)]);
    expect(nothing).toMatchObject({ lost: at(10, 30), firstFrame: null, lastFrame: null });
    const blurred = judge([UNREADABLE, UNREADABLE], [range(10, 30)]);
    expect(blurred).toMatchObject({ lost: { frames: 21 }, unreadable: { frames: 2, ranges: [] } });
  });

  it('needs a clock to see that whole loops are missing in the middle', () => {
    const sent = [range(0, 399)];
    const kept = [...framesOf([range(0, 99)]), ...framesOf([range(200, 299)])];
    // Without one, only how much is missing is known.
    expect(judge(count(kept), sent).lost.frames).toBe(200);
    const { lost } = judgeFrames(count(kept), sent, { loopLength: LOOP, clock: clockOf(kept) });
    expect(lost.ranges).toEqual([range(100, 199), range(300, 399)].map(({ damaged: _, ...each }) => each));
  });

  describe('with random losses', () => {
    /** Sessions with pauses between them, up to three loops each. */
    const sessions = fc
      .array(fc.tuple(fc.integer({ min: 2, max: 170 }), fc.integer({ min: 1, max: 150 })), {
        minLength: 1,
        maxLength: 6,
      })
      .map((parts) => {
        let next = 1000;
        return parts.map(([pause, length]) => {
          const sent = range(next + pause, next + pause + length - 1);
          next = sent.lastFrame + 1;
          return sent;
        });
      });
    const holes = fc.array(fc.tuple(fc.nat({ max: 900 }), fc.integer({ min: 1, max: 120 })), { maxLength: 8 });
    const recorded = fc.tuple(sessions, holes).map(([sent, cut]) => {
      const all = framesOf(sent);
      const gone = new Set(cut.flatMap(([from, length]) => all.slice(from, from + length)));
      return { sent, all, kept: all.filter((frame) => !gone.has(frame)), gone: all.filter((frame) => gone.has(frame)) };
    });

    it('counts them exactly without a clock', () => {
      fc.assert(
        fc.property(recorded, ({ sent, kept, gone }) => {
          const { lost, duplicated, unexpected } = judge(count(kept), sent);
          expect({ lost: lost.frames, duplicated, unexpected }).toEqual({
            ...{ lost: gone.length, duplicated: none, unexpected: none },
          });
        }),
        { numRuns: 300 },
      );
    });

    it('names each of them with a clock that is wrong by less than half a loop', () => {
      const errors = fc.array(fc.integer({ min: -900, max: 900 }), { minLength: 1, maxLength: 20 });
      fc.assert(
        fc.property(recorded, errors, ({ sent, kept, gone }, wrongByMs) => {
          const clock = clockOf(kept, (index) => wrongByMs[index % wrongByMs.length] ?? 0);
          const { lost, duplicated, unexpected } = judgeFrames(count(kept), sent, { loopLength: LOOP, clock });
          expect(framesOf(lost.ranges)).toEqual(gone);
          expect({ duplicated, unexpected }).toEqual({ duplicated: none, unexpected: none });
        }),
        { numRuns: 300 },
      );
    });

    it('tells frames that are there twice from others, with a clock', () => {
      const repeats = fc.tuple(fc.nat({ max: 400 }), fc.integer({ min: 1, max: 60 }));
      fc.assert(
        fc.property(recorded, repeats, ({ sent, kept, gone }, [from, length]) => {
          const again = kept.slice(from, from + length);
          const frames = [...kept.slice(0, from + length), ...again, ...kept.slice(from + length)];
          const judged = judgeFrames(count(frames), sent, { loopLength: LOOP, clock: clockOf(frames) });
          expect(framesOf(judged.lost.ranges)).toEqual(gone);
          expect(judged.duplicated.frames).toBe(again.length);
        }),
        { numRuns: 300 },
      );
    });

    it('adds up: each frame sent is read, unreadable, lost or damaged', () => {
      const blurred = fc.array(fc.nat({ max: 900 }), { maxLength: 30 });
      fc.assert(
        fc.property(recorded, blurred, ({ sent, all, kept }, at) => {
          const counters = count(kept);
          for (const index of at) if (index < counters.length) counters[index] = UNREADABLE;
          const { lost, unreadable, duplicated, unexpected } = judgeFrames(counters, sent, {
            loopLength: LOOP,
            clock: clockOf(kept),
          });
          const read = counters.filter((counter) => counter !== UNREADABLE).length;
          expect({ duplicated, unexpected }).toEqual({ duplicated: none, unexpected: none });
          expect(read + framesOf(unreadable.ranges).length + lost.frames).toBe(all.length);
          expect(unreadable.frames).toBe(counters.length - read);
        }),
        { numRuns: 300 },
      );
    });
  });

  it('judges a campaign of half an hour with a hundred holes in a moment', () => {
    const sent = Array.from({ length: 100 }, (_, index) => range(index * 450, index * 450 + 419));
    const kept = framesOf(sent).filter((frame) => frame % 450 > 5);
    const begunAt = performance.now();
    const { lost } = judgeFrames(
      kept.map((frame) => frame % 500),
      sent,
      { loopLength: 500 },
    );
    expect(lost.frames).toBe(600);
    expect(performance.now() - begunAt).toBeLessThan(5000);
  });
});

describe('heardRanges', () => {
  const report = (sessions: Partial<SentReport['sessions'][number]>[]): SentReport => ({
    ...{ startedAtMs: STARTED_AT_MS, forgottenBeforeMs: null },
    sessions: sessions.map((session) => ({
      ...{ id: 'a', stream: 'main', fps: FPS, loopLength: LOOP, openedAtMs: 0, closedAtMs: 1, closedBy: 'client' },
      ...{ unflushedFrames: [], ranges: [] },
      ...session,
    })),
  });
  const sent = (firstFrame: number, lastFrame: number) => ({
    ...{ firstFrame, lastFrame, damaged: false, maxLateMs: 0, firstTakenAtMs: 0, lastTakenAtMs: 0 },
  });

  it('does not count on what nobody saw leave the camera when a session ended; other streams are left out', () => {
    const heard = heardRanges(
      report([
        // With B-frames, 27 was sent after 28.
        { unflushedFrames: [27, 29, 30], ranges: [sent(0, 10), sent(20, 30)] },
        { closedAtMs: null, unflushedFrames: [79, 80], ranges: [sent(60, 80)] },
        { unflushedFrames: [90, 91], ranges: [sent(90, 91)] },
        { stream: 'sub', ranges: [sent(0, 10)] },
      ]),
      'main',
    );
    expect(heard.map(({ firstFrame, lastFrame, damaged }) => [firstFrame, lastFrame, damaged])).toEqual([
      [0, 10, false],
      [20, 26, false],
      [28, 28, false],
      [27, 27, true],
      [29, 30, true],
      [60, 80, false],
      [90, 91, true],
    ]);
  });
});
