import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SentHistory } from '../../../packages/virtual-camera/src/sent-history.js';
import { SentRunLog } from '../../../packages/virtual-camera/src/sent-ranges.js';
import type { SessionStats } from '../../../packages/virtual-camera/src/session-stats.js';

const STARTED_AT_MS = 1_700_000_000_000.25;
const FRAME_MS = 40;

const whole = { keyFrame: false, packetsLost: 0 };
const runsOf = (log: SentRunLog) =>
  log.runs.map(({ firstFrame, lastFrame, damaged }) => [firstFrame, lastFrame, damaged]);

describe('SentRunLog', () => {
  it('keeps frames that follow one another as one run', () => {
    const log = new SentRunLog();
    for (let frame = 50; frame < 10_000; frame++) log.add(frame, frame % 7, whole);
    expect(log.runs).toEqual([{ firstFrame: 50, lastFrame: 9_999, maxLateMs: 6, damaged: false }]);
  });

  it('puts frames in order that B-frames have mixed', () => {
    const log = new SentRunLog();
    [0, 3, 1, 2, 6, 4, 5, 20, 23, 21].forEach((frame) => log.add(frame, 0, whole));
    expect(runsOf(log)).toEqual([
      [0, 6, false],
      [20, 21, false],
      [23, 23, false],
    ]);
  });

  it('counts a frame once that is sent again', () => {
    const log = new SentRunLog();
    [10, 11, 12, 10, 11, 12, 13].forEach((frame) => log.add(frame, 0, whole));
    expect(runsOf(log)).toEqual([[10, 13, false]]);
  });

  it('marks a frame that lost packets, and all that build on it, as damaged', () => {
    const log = new SentRunLog();
    const sent = [...'KppLpKpKLp'].map((kind, frame) =>
      log.add(frame, 0, { keyFrame: kind === 'K', packetsLost: kind === 'L' ? 1 : 0 }),
    );
    expect(sent.map(({ damaged }) => (damaged ? 'd' : '-')).join('')).toBe('---dd---dd');
    expect(runsOf(log)).toEqual([
      [0, 2, false],
      [3, 4, true],
      [5, 7, false],
      [8, 9, true],
    ]);
  });

  it('is the set of all frames that were sent, whatever was left out', () => {
    const kept = fc.array(fc.boolean(), { maxLength: 200 });
    fc.assert(
      fc.property(kept, (isSent) => {
        const frames = isSent.flatMap((each, frame) => (each ? [frame] : []));
        // Pairs in the wrong order, as one B-frame makes them.
        const order = frames.map((_, index) => frames[index ^ 1] ?? frames[index] ?? 0);
        const log = new SentRunLog();
        order.forEach((frame) => log.add(frame, 0, whole));
        const found = log.runs.flatMap(({ firstFrame, lastFrame }) =>
          Array.from({ length: lastFrame - firstFrame + 1 }, (_, index) => firstFrame + index),
        );
        expect(found).toEqual(frames);
      }),
    );
  });
});

function session(id: string, openedAtMs: number): SessionStats {
  return {
    ...{ id, stream: 'main', openedAt: new Date(openedAtMs), closedAt: null, closedBy: null },
    ...{ framesSent: 0, framesDamaged: 0, firstFrame: null, lastFrame: null, unflushedFrames: [] },
  };
}

function send(history: SentHistory, record: ReturnType<SentHistory['open']>, frame: number): void {
  const sentAtMs = STARTED_AT_MS + frame * FRAME_MS + 3;
  history.add(record, { counter: frame % 500, loop: Math.floor(frame / 500), frame, sentAtMs, ...whole });
}

describe('SentHistory', () => {
  it('gives the frames that were taken in a period, each with the instant, and leaves sessions out that were closed', () => {
    const history = new SentHistory(STARTED_AT_MS);
    const [early, late] = [0, 20_000].map((ms) =>
      history.open(session(`${ms}`, STARTED_AT_MS + ms), { fps: 25, loopLength: 500 }),
    );
    if (!early || !late) throw new Error('no sessions');
    for (let frame = 0; frame < 250; frame++) send(history, early, frame);
    early.stats.closedAt = new Date(STARTED_AT_MS + 10_000);
    for (let frame = 500; frame < 750; frame++) send(history, late, frame);
    const all = history.read();
    expect(all.sessions.map(({ ranges }) => ranges)).toMatchObject([
      [{ firstFrame: 0, lastFrame: 249 }],
      [{ firstFrame: 500, lastFrame: 749 }],
    ]);
    const { sessions, startedAtMs, forgottenBeforeMs } = history.read({
      fromMs: STARTED_AT_MS + 501 * FRAME_MS,
      toMs: STARTED_AT_MS + 505 * FRAME_MS,
    });
    expect({ startedAtMs, forgottenBeforeMs }).toEqual({ startedAtMs: STARTED_AT_MS, forgottenBeforeMs: null });
    expect(sessions).toMatchObject([{ id: '20000', fps: 25, loopLength: 500 }]);
    expect(sessions[0]?.ranges).toMatchObject([
      {
        ...{ firstFrame: 501, lastFrame: 504, damaged: false },
        ...{ firstTakenAtMs: STARTED_AT_MS + 501 * FRAME_MS, lastTakenAtMs: STARTED_AT_MS + 504 * FRAME_MS },
      },
    ]);
    expect(sessions[0]?.ranges[0]?.maxLateMs).toBeCloseTo(3, 3);
  });

  it('forgets the oldest when there is too much, and says so', () => {
    const history = new SentHistory(STARTED_AT_MS);
    const record = history.open(session('a', STARTED_AT_MS), { fps: 25, loopLength: 500 });
    // Every second frame: each is a run of its own.
    for (let index = 0; index < 30_000; index++) send(history, record, index * 2);
    const { sessions, forgottenBeforeMs } = history.read();
    const ranges = sessions[0]?.ranges ?? [];
    expect(ranges.length).toBeLessThanOrEqual(20_000);
    expect(ranges.at(-1)).toMatchObject({ lastFrame: 59_998 });
    expect(forgottenBeforeMs).toBeGreaterThan(STARTED_AT_MS);
    expect(forgottenBeforeMs).toBeLessThanOrEqual(ranges[0]?.firstTakenAtMs ?? 0);
  });

  it('forgets the oldest closed sessions, never an open one', () => {
    const history = new SentHistory(STARTED_AT_MS);
    history.open(session('open', STARTED_AT_MS), { fps: 25, loopLength: 500 });
    for (let index = 0; index < 1_100; index++) {
      const record = history.open(session(`${index}`, STARTED_AT_MS + index), { fps: 25, loopLength: 500 });
      record.stats.closedAt = new Date(STARTED_AT_MS + index + 1);
      history.trimSessions();
    }
    expect(history.sessions).toHaveLength(1_001);
    expect(history.sessions[0]?.id).toBe('open');
    expect(history.sessions[1]?.id).toBe('100');
    expect(history.read().forgottenBeforeMs).toBe(Math.floor(STARTED_AT_MS) + 100);
  });
});
