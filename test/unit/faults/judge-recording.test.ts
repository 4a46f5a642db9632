import { describe, expect, it } from '@jest/globals';
import { judgeRecording } from '../../../tools/faults/judge-recording.js';
import { evidenceOf, FRAME_MS, frames } from './evidence.js';

const whole = { wanted: [100, 400] as [number, number], sent: [{ first: 50, last: 450 }], stored: frames(90, 410) };

describe('the judgement of one recording', () => {
  it('finds nothing wrong with a whole one', () => {
    const judgement = judgeRecording(evidenceOf(whole));
    expect(judgement).toMatchObject({ missing: [], lost: [], unreadable: 0, misplaced: 0 });
    expect(judgement).toMatchObject({ unaccountedMs: 0, overstatedMs: 0, imbalanceMs: 0 });
    expect(judgement.stored.size).toBe(320);
  });

  it('counts frames that were heard and are not there; the ledger knows of them', () => {
    const stored = [...frames(90, 200), ...frames(225, 410)];
    const judgement = judgeRecording(evidenceOf({ ...whole, stored, gaps: [[200, 225]] }));
    expect(judgement.lost).toEqual([
      { first: 200, end: 225, startMs: 8_000, endMs: 9_000, frames: 25, opening: false },
    ]);
    expect(judgement).toMatchObject({ unaccountedMs: 0, overstatedMs: 0 });
  });

  it('does not charge what nobody could hear, nor what was still in the camera', () => {
    const sent = [
      { first: 50, last: 205, flushed: 199 },
      { first: 300, last: 450 },
    ];
    const stored = [...frames(90, 200), ...frames(300, 410)];
    const judgement = judgeRecording(evidenceOf({ ...whole, sent, stored, gaps: [[200, 300]] }));
    expect(judgement.missing).toEqual([{ first: 200, end: 300, startMs: 8_000, endMs: 12_000 }]);
    expect(judgement).toMatchObject({ lost: [], unaccountedMs: 0, overstatedMs: 0 });
  });

  it('says when missing frames stand in no gap', () => {
    const stored = [...frames(90, 200), ...frames(225, 410)];
    expect(judgeRecording(evidenceOf({ ...whole, stored }))).toMatchObject({ unaccountedMs: 1_000 });
    const short = judgeRecording(
      evidenceOf({ ...whole, stored: [...frames(90, 200), ...frames(300, 410)], gaps: [[200, 250]] }),
    );
    expect(short.unaccountedMs).toBe(2_000);
  });

  it('says when a gap stands where nothing is missing', () => {
    expect(judgeRecording(evidenceOf({ ...whole, gaps: [[200, 250]] }))).toMatchObject({ overstatedMs: 2_000 });
  });

  it('says when the ledger does not balance', () => {
    const evidence = evidenceOf(whole);
    const ledger = { ...evidence.ledger, storedMs: evidence.ledger.storedMs - 3 };
    expect(judgeRecording({ ...evidence, ledger }).imbalanceMs).toBe(3);
  });

  it('sees frames that are missing before the first and behind the last one', () => {
    const judgement = judgeRecording(evidenceOf({ ...whole, stored: frames(150, 350) }));
    expect(judgement.missing.map(({ first, end }) => [first, end])).toEqual([
      [100, 150],
      [350, 400],
    ]);
    expect(judgement.unaccountedMs).toBe(4_000);
  });

  it('measures how far the clock is behind, and forgives at the end what came so late', () => {
    const judgement = judgeRecording(evidenceOf({ ...whole, stored: frames(90, 397), delayMs: 120 }));
    expect(judgement).toMatchObject({ clock: { leastMs: 120, mostMs: 120 }, missing: [], lost: [] });
    const less = judgeRecording(evidenceOf({ ...whole, stored: frames(90, 396), delayMs: 120 }));
    expect(less.lost.map(({ first, end }) => [first, end])).toEqual([[396, 397]]);
  });

  it('says where the timeline is bent', () => {
    const evidence = evidenceOf({ ...whole, stored: [...frames(90, 200), ...frames(225, 410)], gaps: [[200, 225]] });
    const claimedAtMs = evidence.claimedAtMs.map((claimed, index) => (index < 110 ? claimed : claimed - 1_000));
    expect(judgeRecording({ ...evidence, claimedAtMs })).toMatchObject({
      clock: { leastMs: -1_000, mostMs: 0 },
      bends: [{ frame: 225, fromMs: 0, toMs: -1_000 }],
    });
    expect(judgeRecording(evidence).bends).toEqual([]);
  });

  it('knows the loop of a frame by the clock, when more than one is missing', () => {
    const story = {
      wanted: [100, 1_900] as [number, number],
      sent: [
        { first: 50, last: 300 },
        { first: 1_600, last: 2_000 },
      ],
    };
    const stored = [...frames(90, 301), ...frames(1_600, 1_910)];
    const judgement = judgeRecording(evidenceOf({ ...story, stored, gaps: [[301, 1_600]] }));
    expect(judgement.missing.map(({ first, end }) => [first, end])).toEqual([[301, 1_600]]);
    expect(judgement).toMatchObject({ lost: [], unaccountedMs: 0, overstatedMs: 0 });
  });

  it('tells a client that was only being opened from one that recorded', () => {
    const sent = [
      { first: 50, last: 199 },
      { first: 240, last: 270 },
      { first: 300, last: 450 },
    ];
    const stored = [...frames(90, 200), ...frames(300, 410)];
    const { lost } = judgeRecording(evidenceOf({ ...whole, sent, stored, gaps: [[200, 300]] }));
    expect(lost).toEqual([expect.objectContaining({ first: 240, end: 271, opening: true })]);
  });

  it('forgives at the end, and no earlier, what a session sent of which nothing was taken: it may have been heard too late', () => {
    const heardFrom = (first: number) => {
      const sent = [
        { first: 50, last: 299 },
        { first, last: 700 },
      ];
      return judgeRecording(evidenceOf({ ...whole, sent, stored: frames(90, 300), gaps: [[300, 400]] })).lost;
    };
    expect(heardFrom(394)).toEqual([]);
    expect(heardFrom(393)).toEqual([expect.objectContaining({ first: 393, end: 394, opening: false })]);
  });

  it('counts pictures that cannot be read, that stand twice and that go backwards', () => {
    const stored = [...frames(90, 200), -1, ...frames(201, 300), 299, ...frames(300, 410)];
    const judgement = judgeRecording(evidenceOf({ ...whole, stored }));
    expect(judgement).toMatchObject({ unreadable: 1, misplaced: 1 });
    expect(judgement.lost.map(({ first, frames: count }) => [first, count])).toEqual([[200, 1]]);
    expect(judgement.unaccountedMs).toBeLessThanOrEqual(FRAME_MS);
  });
});
