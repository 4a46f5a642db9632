import { describe, expect, it } from '@jest/globals';
import { readFragmentTiming } from '../../../src/mp4/fragment.js';
import { JumpWatch } from '../../../src/mp4/jump-watch.js';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';
import { makeMoof, makeMoofOf, readFixture } from '../../support/footage.js';

/** Ten frames a second at a time scale of 10,240. */
const STEP = 1_024;
const MS = 10.24;
const { init } = readFixture('h264-aac');

/** What came of what was sent: the clock of arrivals goes on by a second for each fragment. */
class Stream {
  readonly watch = new JumpWatch(init);
  private atTicks = 100_000;
  private readonly startTicks = this.atTicks;
  private arrivedMs = 0;
  private soundTicks: number | null = null;

  /**
   * @param pausedMs for how long nothing came before the end of the fragment
   * @param overlap ticks by which it begins before the one in front of it has ended
   */
  next(
    durations: number[],
    { pausedMs = 0, compositions = [] as number[], overlap = 0 } = {},
  ): { moof: Buffer; jumpMs: number } {
    const samples = durations.map((durationTicks, index) => ({
      durationTicks,
      compositionTicks: compositions[index] ?? 0,
    }));
    this.atTicks -= overlap;
    const moof = makeMoof(this.atTicks, samples);
    this.atTicks += durations.reduce((sum, ticks) => sum + ticks, 0);
    this.arrivedMs += durations.length * 100 + pausedMs;
    this.watch.shift(moof);
    const jumpMs = this.watch.look(moof, (endMs) => endMs - this.startTicks / MS - this.arrivedMs);
    return { moof, jumpMs };
  }

  /** @param durationsSec of its frames */
  soundAlone(durationsSec = Array<number>(10).fill(0.1)): Buffer {
    const { trackId, timescale } = init.tracks.find(({ kind }) => kind === 'audio')!;
    const samples = durationsSec.map((sec) => ({ durationTicks: Math.round(sec * timescale), compositionTicks: 0 }));
    this.soundTicks ??= Math.round((this.atTicks * timescale) / 10_240);
    const moof = makeMoofOf([{ trackId, startTicks: this.soundTicks, samples }]);
    this.soundTicks += samples.reduce((sum, { durationTicks }) => sum + durationTicks, 0);
    expect(this.watch.look(moof, () => 0)).toBe(0);
    return moof;
  }

  steady(fragments: number): this {
    for (let index = 0; index < fragments; index += 1) expect(this.next(even(10)).jumpMs).toBe(0);
    return this;
  }
}

const even = (frames: number) => Array<number>(frames).fill(STEP);
const crammed = (frames: number) => Array<number>(frames).fill(1);
const videoOf = (moof: Buffer) => readTrackFragments(moof, init).find(({ track }) => track === init.video)!;

describe('JumpWatch', () => {
  it('knows a jump forward from a pause, since only the one takes its time', () => {
    const still = STEP + 5_000 * MS;
    expect(new Stream().steady(8).next([...even(4), still], { pausedMs: 5_000 }).jumpMs).toBe(0);
    const { jumpMs, moof } = new Stream().steady(8).next([...even(4), still]);
    expect(jumpMs).toBeCloseTo(5_000, 0);
    expect(readFragmentTiming(moof, init)?.longStills).toHaveLength(1);
  });

  it('waits for the next picture to know a small jump from a slower rate, when all that came before was late', () => {
    // FFmpeg looked at the stream, or the machine was busy: since then media comes sooner than it did.
    const second = [10 * STEP];
    const late = (): Stream => {
      const stream = new Stream();
      expect(stream.next(even(10), { pausedMs: -700 }).jumpMs).toBe(0);
      const { moof, jumpMs } = stream.next([...even(9), ...second]);
      expect({ jumpMs, isOpen: stream.watch.isOpen }).toEqual({ jumpMs: 0, isOpen: true });
      expect(readFragmentTiming(moof, init)?.longStills).toHaveLength(1);
      return stream;
    };
    const slower = late();
    for (let count = 0; count < 4; count += 1) {
      expect(slower.next(second, { pausedMs: 900 }).jumpMs).toBe(0);
      expect(slower.watch.isOpen).toBe(false);
    }
    const jumped = late();
    expect(jumped.next(even(10)).jumpMs).toBeCloseTo(900, 0);
  });

  it('notices at once that a camera of a slow rate jumps', () => {
    const stream = new Stream().steady(8);
    for (let count = 0; count < 4; count += 1) expect(stream.next([10 * STEP], { pausedMs: 900 }).jumpMs).toBe(0);
    expect(stream.next([60 * STEP], { pausedMs: 900 }).jumpMs).toBeCloseTo(5_900, 0);
  });

  it('gives the picture before a jump forward its usual time', () => {
    const stream = new Stream().steady(8);
    const { moof } = stream.next([...even(4), STEP + 3_600_000 * MS]);
    stream.watch.mend([moof]);
    expect(videoOf(moof).samples.map(({ durationTicks }) => durationTicks)).toEqual(even(5));
    expect(readFragmentTiming(moof, init)).not.toHaveProperty('longStills');
  });

  it('notices a jump back as soon as so many frames are crammed, and gives them their time back', () => {
    const stream = new Stream().steady(8);
    const { jumpMs, moof } = stream.next([...even(2), ...crammed(8)]);
    expect(jumpMs).toBeLessThan(-700);
    stream.watch.mend([moof]);
    expect(videoOf(moof).samples.map(({ durationTicks }) => durationTicks)).toEqual(even(10));
  });

  it('adds up what is crammed over several fragments', () => {
    const stream = new Stream().steady(8);
    expect(stream.watch.isOpen).toBe(false);
    const first = stream.next([...even(7), ...crammed(3)]);
    expect(first.jumpMs).toBe(0);
    expect(stream.watch.isOpen).toBe(true);
    const second = stream.next(crammed(3));
    expect(second.jumpMs).toBeLessThan(-500);
    stream.watch.mend([first.moof, second.moof]);
    const [one, two] = [videoOf(first.moof), videoOf(second.moof)];
    expect([...one.samples, ...two.samples].map(({ durationTicks }) => durationTicks)).toEqual(even(13));
    expect(two.startTicks).toBe(one.startTicks + 10 * STEP);
  });

  it('lets a camera correct its clock by a little', () => {
    const stream = new Stream().steady(8);
    expect(stream.next([...even(6), ...crammed(4)]).jumpMs).toBe(0);
    expect(stream.next([...even(9), STEP + 400 * MS]).jumpMs).toBe(0);
    // A stream whose tracks find each other again: what was crammed is made up for at once.
    expect(stream.next([...crammed(6), 7 * STEP, ...even(3)]).jumpMs).toBe(0);
  });

  it('takes times that go back right after the start, and stay there, for a slip: what follows is moved on', () => {
    const stream = new Stream();
    stream.next(even(10));
    const moofs = [stream.next([...even(5), ...crammed(5)]), stream.next(crammed(10)), stream.next(even(10))];
    expect(moofs.map(({ jumpMs }) => jumpMs)).toEqual([0, 0, 0]);
    expect(stream.watch.isOpen).toBe(false);
    stream.watch.spread(moofs.map(({ moof }) => moof));
    const made = moofs.map(({ moof }) => videoOf(moof));
    expect(made.flatMap(({ samples }) => samples.map(({ durationTicks }) => durationTicks))).toEqual(even(30));
    const next = videoOf(stream.next(even(10)).moof);
    expect(next.startTicks - made[0]!.startTicks).toBe(30 * STEP);
    stream.steady(8);
    // And what is crammed later is spread as ever.
    const later = [stream.next([...even(7), ...crammed(3)]), stream.next([4 * STEP, ...even(9)])].map(
      ({ moof }) => moof,
    );
    stream.watch.spread(later);
    const durations = later.flatMap((moof) => videoOf(moof).samples.map((sample) => sample.durationTicks));
    expect(durations.filter((ticks) => ticks < STEP)).toEqual([]);
  });

  it('moves the sound on with pictures that go back', () => {
    const watch = new JumpWatch(init);
    const { trackId: audioId, timescale } = init.tracks.find(({ kind }) => kind === 'audio')!;
    const pictures = [even(10), [...even(5), ...crammed(5)], crammed(10), even(10), even(10)];
    const held: Buffer[] = [];
    let [atTicks, sound] = [100_000, (100_000 * timescale) / 10_240];
    const moofs = pictures.map((durations, index) => {
      const samples = durations.map((durationTicks) => ({ durationTicks, compositionTicks: 0 }));
      const frames = Array.from({ length: 10 }, () => ({ durationTicks: timescale / 10, compositionTicks: 0 }));
      const moof = makeMoofOf([
        { trackId: init.video.trackId, startTicks: atTicks, samples },
        { trackId: audioId, startTicks: sound, samples: frames },
      ]);
      atTicks += durations.reduce((sum, ticks) => sum + ticks, 0);
      sound += timescale;
      watch.shift(moof);
      expect(watch.look(moof, (endMs) => endMs - 100_000 / MS - (index + 1) * 1_000)).toBe(0);
      if (index === 3) watch.spread(held.splice(0).concat(moof));
      else if (watch.isOpen) held.push(moof);
      return moof;
    });
    const starts = moofs.map((moof) => readTrackFragments(moof, init).map(({ startTicks }) => startTicks));
    expect(starts[4]![0]! - starts[0]![0]!).toBe(40 * STEP);
    const movedSec = 1.5 - 15 / 10_240;
    expect(starts[4]![1]! - starts[3]![1]!).toBeCloseTo(timescale * (1 + movedSec), -1);
  });

  it('knows a jump forward from a track that FFmpeg brings to where another one is', () => {
    const { trackId: audioId, timescale } = init.tracks.find(({ kind }) => kind === 'audio')!;
    const jumpOf = (pictures: number[], sound: number[], soundAheadSec: number, soundStepSec = 0) => {
      const watch = new JumpWatch(init);
      const made = [even(10), pictures].map((durations, index) =>
        makeMoofOf([
          {
            trackId: init.video.trackId,
            startTicks: 102_400 + index * 10 * STEP,
            samples: durations.map((durationTicks) => ({ durationTicks, compositionTicks: 0 })),
          },
          {
            trackId: audioId,
            startTicks: timescale * (10 + soundAheadSec + index * (1 + soundStepSec)),
            samples: (index === 0 ? Array<number>(10).fill(timescale / 10) : sound).map((durationTicks) => ({
              durationTicks,
              compositionTicks: 0,
            })),
          },
        ]),
      );
      return made.map((moof, index) => watch.look(moof, (endMs) => endMs - 10_000 - (index + 1) * 1_000))[1]!;
    };
    const steady = Array<number>(10).fill(timescale / 10);
    const step = [...even(9), 3 * 10_240];
    const soundStep = [...steady.slice(1), 3 * timescale];
    // The sound began three seconds before the first picture, and had their place until now.
    expect(jumpOf(step, steady, 3)).toBe(0);
    expect(jumpOf(step, steady, 0)).toBeCloseTo(2_900, -2);
    expect(jumpOf(step, soundStep, 0)).toBeCloseTo(2_900, -2);
    expect(jumpOf(even(10), soundStep, 0)).toBeCloseTo(2_900, -2);
    // What an encoder of sound keeps back is not there yet.
    expect(jumpOf(step, steady, 2.6)).toBe(0);
    // Its step lies between two fragments, or there are too few of its frames to tell.
    expect(jumpOf(step, steady, 0, 2.9)).toBeCloseTo(2_900, -2);
    expect(jumpOf(step, [timescale / 2, 3 * timescale], 0)).toBeCloseTo(2_900, -2);
  });

  it('notices a jump back of a camera that sends two pictures at a time', () => {
    const stream = new Stream();
    for (let index = 0; index < 20; index += 1) stream.next(Array.from({ length: 5 }, () => [1, 2 * STEP - 1]).flat());
    const jumps = [1, 2, 3].map(() => stream.next(crammed(10)).jumpMs);
    expect(Math.min(...jumps)).toBeLessThan(-700);
  });

  it('leaves what FFmpeg crams at the start of a stream to those who mend it', () => {
    const stream = new Stream();
    stream.next(even(10));
    expect(stream.next([...even(2), ...crammed(8)]).jumpMs).toBe(0);
  });

  it('gives what FFmpeg crams at the start its time back, when that has come right again', () => {
    const stream = new Stream();
    const moofs = [stream.next(even(10)), stream.next([...even(6), ...crammed(4)])];
    expect(stream.watch.isOpen).toBe(true);
    moofs.push(stream.next(crammed(10)));
    expect(stream.watch.isOpen).toBe(true);
    moofs.push(stream.next([...crammed(1), 16 * STEP, ...even(8)]));
    expect(stream.watch.isOpen).toBe(false);
    expect(moofs.map(({ jumpMs }) => jumpMs)).toEqual([0, 0, 0, 0]);
    const before = videoOf(moofs[1]!.moof).startTicks;
    stream.watch.spread(moofs.slice(1).map(({ moof }) => moof));
    const made = moofs.slice(1).map(({ moof }) => videoOf(moof));
    expect(made.flatMap(({ samples }) => samples.map(({ durationTicks }) => durationTicks))).toEqual([
      ...even(6),
      ...even(15),
      // A tick of each has gone by meanwhile.
      STEP + 15,
      ...even(8),
    ]);
    expect(made.map(({ startTicks }) => (startTicks - before) / STEP)).toEqual([0, 10, 20]);
  });

  it('knows what is usual also from a first fragment with crammed frames', () => {
    for (const first of [
      [...even(4), ...crammed(6)],
      [...crammed(1), ...even(9)],
      [...even(4), 1, 2 * STEP - 1, ...even(4)],
    ]) {
      const stream = new Stream();
      stream.next(first);
      const moofs = [stream.next([...even(2), ...crammed(8)]), stream.next([9 * STEP, ...even(9)])];
      stream.watch.spread(moofs.map(({ moof }) => moof));
      expect(videoOf(moofs[0]!.moof).samples.map(({ durationTicks }) => durationTicks)).toEqual(even(10));
    }
  });

  it('does not take for usual what makes up for crammed frames', () => {
    const stream = new Stream();
    const moofs = [even(10), [...even(2), ...crammed(8)], [...crammed(2), STEP - 50, 10 * STEP]]
      .map((durations) => stream.next(durations))
      .map(({ moof }) => moof)
      .slice(1);
    stream.watch.spread(moofs);
    const made = moofs.flatMap((moof) => videoOf(moof).samples.map(({ durationTicks }) => durationTicks));
    expect(made).toEqual([...even(12), STEP - 50, STEP]);
  });

  it('spreads them as far as there is room, and to their usual time when nothing follows', () => {
    const made = (durations: number[][], isEnd: boolean) => {
      const stream = new Stream();
      const moofs = [even(10), ...durations].map((each) => stream.next(each).moof);
      stream.watch.spread(moofs.slice(1), isEnd);
      return moofs.slice(1).flatMap((moof) => videoOf(moof).samples.map(({ durationTicks }) => durationTicks));
    };
    const partly = [
      [...even(5), ...crammed(5)],
      [3 * STEP, ...even(9)],
    ];
    const room = Math.floor((2 * STEP + 5) / 5);
    const rest = 3 * STEP + 5 - 5 * room;
    expect(made(partly, false)).toEqual([...even(5), ...Array<number>(5).fill(room), rest, ...even(9)]);
    expect(made([[...even(5), ...crammed(5)]], false)).toEqual([...even(5), ...crammed(5)]);
    expect(made([[...even(5), ...crammed(5)]], true)).toEqual(even(10));
    // Where it would take time from what follows, it is left.
    const uneven = [...even(3), 1, 4 * STEP, ...crammed(3), ...even(2)];
    expect(made([uneven], false)).toEqual(uneven);
  });

  it('gives its time to the frame in front of crammed ones, which ends a fragment', () => {
    const stream = new Stream();
    const overlap = STEP - 1;
    const before = videoOf(stream.next(even(10)).moof);
    const moofs = [
      stream.next([...crammed(9), STEP], { overlap }),
      stream.next(crammed(10), { overlap }),
      stream.next([22 * STEP, ...even(9)]),
    ].map(({ moof }) => moof);
    stream.watch.spread(moofs);
    const made = moofs.map((moof) => videoOf(moof));
    expect(made.map(({ startTicks }) => (startTicks - before.startTicks) / STEP)).toEqual([10, 20, 30]);
    const durations = made.flatMap(({ samples }) => samples.map(({ durationTicks }) => durationTicks));
    expect(durations).toEqual([...even(20), STEP + 21, ...even(9)]);
  });

  it('moves on what follows where they need a little more time than there is, but not again and again', () => {
    const stream = new Stream();
    stream.next(even(10));
    const moofs = [stream.next([...even(5), ...crammed(5)]), stream.next([4 * STEP, ...even(9)])].map(
      ({ moof }) => moof,
    );
    stream.watch.spread(moofs);
    expect(moofs.flatMap((moof) => videoOf(moof).samples.map(({ durationTicks }) => durationTicks))).toEqual(even(20));
    const next = videoOf(stream.next(even(10)).moof);
    expect(next.startTicks).toBe(videoOf(moofs[0]!).startTicks + 20 * STEP);
    const again = [stream.next([...even(5), ...crammed(5)]), stream.next([4 * STEP, ...even(9)])].map(
      ({ moof }) => moof,
    );
    stream.watch.spread(again);
    expect(videoOf(again[0]!).samples[5]!.durationTicks).toBeLessThan(STEP);
    const { startTicks, samples } = videoOf(again[1]!);
    const endTicks = samples.reduce((at, { durationTicks }) => at + durationTicks, startTicks);
    expect(videoOf(stream.next(even(10)).moof).startTicks).toBe(endTicks);
  });

  it('cuts the frames behind a jump where they are reordered, since their order is lost', () => {
    const compositions = [1, 3, 0, 0, 1, 1, 3, 0, 0, 1].map((steps) => steps * STEP);
    const reordered = () => {
      const stream = new Stream();
      for (let index = 0; index < 8; index += 1) stream.next(even(10), { compositions });
      return stream;
    };
    const stream = reordered();
    const { jumpMs, moof } = stream.next([...even(5), ...crammed(12)], { compositions });
    expect(jumpMs).toBeLessThan(-1_000);
    stream.watch.mend([moof]);
    expect(videoOf(moof).samples).toHaveLength(5);
    // And those of the fragments that follow, which lean on them.
    const other = reordered();
    const { moof: first } = other.next([...even(6), 1, ...even(3)], { compositions });
    expect(other.watch.isOpen).toBe(true);
    const { moof: second } = other.next(even(10), { compositions });
    other.watch.mend([first, second]);
    expect([first, second].map((each) => videoOf(each).samples.length)).toEqual([6, 0]);
  });

  describe('while only sound comes', () => {
    it('waits for the next pictures to tell whether those before jumped back', () => {
      const stream = new Stream().steady(8);
      const first = stream.next([...even(7), ...crammed(3)]);
      stream.soundAlone();
      expect(stream.watch.isOpen).toBe(true);
      const second = stream.next(crammed(3));
      expect(second.jumpMs).toBeLessThan(-500);
      stream.watch.mend([first.moof, second.moof]);
      const samples = [first, second].flatMap(({ moof }) => videoOf(moof).samples);
      expect(samples.map(({ durationTicks }) => durationTicks)).toEqual(even(13));
    });

    it('waits for them to tell a jump forward from a slower rate', () => {
      const stream = new Stream();
      stream.next(even(10), { pausedMs: -700 });
      stream.next([...even(9), 10 * STEP]);
      stream.soundAlone();
      expect(stream.watch.isOpen).toBe(true);
      expect(stream.next(even(10)).jumpMs).toBeCloseTo(900, 0);
    });

    it('waits for them to tell whether the order is lost', () => {
      const compositions = [1, 3, 0, 0, 3, 0, 0, 3, 0, 0].map((steps) => steps * STEP + STEP);
      const stream = new Stream();
      for (let index = 0; index < 8; index += 1) stream.next(even(10), { compositions });
      const lost = [...compositions.slice(0, 6), ...Array<number>(4).fill(0)];
      const moofs = [stream.next(even(10), { compositions: lost }).moof, stream.soundAlone()];
      expect(stream.watch.isOpen).toBe(true);
      moofs.push(stream.next(even(4), { compositions: Array<number>(4).fill(0) }).moof);
      stream.watch.cutDisordered(moofs);
      expect([moofs[0]!, moofs[2]!].map((moof) => videoOf(moof).samples.length)).toEqual([6, 0]);
    });

    it('waits no longer for what that sound itself has told', () => {
      const stream = new Stream().steady(8);
      for (let index = 0; index < 8; index += 1) stream.soundAlone();
      stream.soundAlone([...Array<number>(7).fill(0.1), 0, 0, 0]);
      expect(stream.watch.isOpen).toBe(true);
      stream.soundAlone([0.4, ...Array<number>(6).fill(0.1)]);
      expect(stream.watch.isOpen).toBe(false);
    });
  });

  it('notices that a picture is to be shown long after its time', () => {
    const stream = new Stream();
    const compositions = [1, 3, 0, 0, 1, 1, 3, 0, 0, 1].map((steps) => steps * STEP);
    for (let index = 0; index < 8; index += 1) stream.next(even(10), { compositions });
    const late = [...compositions.slice(0, 9), STEP + 5_000 * MS];
    const { jumpMs, moof } = stream.next(even(10), { compositions: late });
    expect(jumpMs).toBeGreaterThan(4_000);
    stream.watch.mend([moof]);
    expect(videoOf(moof).samples).toHaveLength(9);
  });

  it('says nothing of cameras that send few pictures, or two at a time', () => {
    const slow = new Stream();
    for (let index = 0; index < 20; index += 1) {
      expect(slow.next([10 * STEP], { pausedMs: 900 }).jumpMs).toBe(0);
    }
    const pairs = new Stream();
    for (let index = 0; index < 20; index += 1) {
      const two = Array.from({ length: 5 }, () => [1, 2 * STEP - 1]).flat();
      expect(pairs.next(two).jumpMs).toBe(0);
      expect(pairs.watch.isOpen).toBe(false);
    }
    const now = new Stream();
    for (let index = 0; index < 20; index += 1) {
      expect(now.next([...even(4), 1, 2 * STEP - 1, ...even(4)]).jumpMs).toBe(0);
      expect(now.watch.isOpen).toBe(false);
    }
  });
});
