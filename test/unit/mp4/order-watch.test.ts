import { describe, expect, it } from '@jest/globals';
import { OrderWatch } from '../../../src/mp4/order-watch.js';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';
import { UsualTimes } from '../../../src/mp4/usual-times.js';
import { makeMoof, makeMoofOf, readFixture } from '../../support/footage.js';

/** Ten frames a second at a time scale of 10,240. */
const STEP = 1_024;
const { init } = readFixture('h264-aac');

const even = (frames: number) => Array<number>(frames).fill(STEP);
const videoOf = (moof: Buffer) => readTrackFragments(moof, init).find(({ track }) => track === init.video)!;

/** Fragments of one session, each looked at as it comes. */
class Stream {
  readonly usual = new UsualTimes();
  readonly watch = new OrderWatch(init, this.usual);
  private atTicks = 100_000;

  next(durations: number[], { compositions = [] as number[] } = {}): Buffer {
    const samples = durations.map((durationTicks, index) => ({
      durationTicks,
      compositionTicks: compositions[index] ?? 0,
    }));
    const moof = makeMoof(this.atTicks, samples);
    this.atTicks += durations.reduce((sum, ticks) => sum + ticks, 0);
    return this.look(moof);
  }

  soundAlone(): Buffer {
    const { trackId, timescale } = init.tracks.find(({ kind }) => kind === 'audio')!;
    const samples = Array.from({ length: 10 }, () => ({ durationTicks: timescale / 10, compositionTicks: 0 }));
    return this.look(makeMoofOf([{ trackId, startTicks: 10 * timescale, samples }]));
  }

  private look(moof: Buffer): Buffer {
    const tracks = readTrackFragments(moof, init);
    if (!this.watch.isOpen) this.watch.release();
    this.watch.look(tracks);
    if (this.watch.tellsUsual) for (const track of tracks) this.usual.learn(track);
    return moof;
  }
}

describe('OrderWatch, of reordered frames whose times FFmpeg threw away', () => {
  const compositions = [1, 3, 0, 0, 3, 0, 0, 3, 0, 0].map((steps) => steps * STEP + STEP);
  const guessed = Array<number>(10).fill(0);
  const lost = [...compositions.slice(0, 6), ...guessed.slice(6)];

  function reordered(): Stream {
    const stream = new Stream();
    for (let index = 0; index < 8; index += 1) stream.next(even(10), { compositions });
    expect(stream.watch.isOpen).toBe(false);
    return stream;
  }

  it('cuts those whose order is lost, in the fragments that are held', () => {
    const stream = reordered();
    const moofs = [stream.next(even(10), { compositions: lost })];
    expect(stream.watch.isOpen).toBe(true);
    moofs.push(stream.next(even(4), { compositions: guessed }));
    stream.watch.cutDisordered(moofs);
    stream.watch.release();
    expect(moofs.map((moof) => videoOf(moof).samples.length)).toEqual([6, 0]);
    // What still comes leans on them, however even it is.
    const moof = stream.next(even(4), { compositions: guessed });
    stream.watch.cutDisordered([moof]);
    expect(videoOf(moof).samples).toHaveLength(0);
  });

  it('leaves all times as they are, and the frames of a camera whose pictures share moments as a rule', () => {
    const stream = reordered();
    const pause = [...even(4), 3 * 10_240, ...even(5)];
    const moof = stream.next(pause, { compositions });
    stream.watch.cutDisordered([moof]);
    expect(videoOf(moof).samples.map(({ durationTicks }) => durationTicks)).toEqual(pause);
    for (let index = 0; index < 4; index += 1) stream.next(even(10), { compositions: [STEP, ...guessed.slice(1)] });
    const usual = stream.next(even(10), { compositions: [STEP, ...guessed.slice(1)] });
    stream.watch.cutDisordered([usual]);
    expect(videoOf(usual).samples).toHaveLength(10);
  });

  it('knows them from the frames of the fragment in front', () => {
    const stream = reordered();
    const moof = stream.next(even(2), { compositions: guessed });
    expect(stream.watch.isOpen).toBe(true);
    stream.watch.cutDisordered([moof]);
    expect(videoOf(moof).samples).toHaveLength(0);
  });

  it('holds nothing for them but the first fragment, and takes them for usual in the end', () => {
    const stream = reordered();
    const open = Array.from({ length: 6 }, () => {
      stream.next(even(10), { compositions: [STEP, ...guessed.slice(1)] });
      return stream.watch.isOpen;
    });
    expect(open).toEqual([true, false, false, false, false, false]);
  });

  it('waits for pictures: sound alone tells nothing of their order', () => {
    const stream = reordered();
    const moofs = [stream.next(even(10), { compositions: lost }), stream.soundAlone()];
    expect(stream.watch.isOpen).toBe(true);
    moofs.push(stream.next(even(4), { compositions: guessed }));
    stream.watch.cutDisordered(moofs);
    expect([moofs[0]!, moofs[2]!].map((moof) => videoOf(moof).samples.length)).toEqual([6, 0]);
  });

  it('knows them although the camera left its B-frames out just before', () => {
    const stream = reordered();
    // As FFmpeg gives them: each picture is shown as much later as the first of those that are reordered.
    const inOrder = Array<number>(10).fill(2 * STEP);
    for (let index = 0; index < 3; index += 1) stream.next(even(10), { compositions: inOrder });
    expect(stream.watch.isOpen).toBe(false);
    const moof = stream.next(even(10), { compositions: lost });
    expect(stream.watch.isOpen).toBe(true);
    stream.watch.cutDisordered([moof]);
    expect(videoOf(moof).samples).toHaveLength(6);
  });

  it('cuts none of a camera that never reorders, whose crammed frames are mended', () => {
    const stream = new Stream();
    for (let index = 0; index < 8; index += 1) stream.next(even(10));
    const moof = stream.next([...even(4), 1, 1, 1, ...even(3)]);
    expect(stream.watch.isOpen).toBe(false);
    stream.watch.cutDisordered([moof]);
    stream.watch.cutBehindJump([moof]);
    expect(videoOf(moof).samples).toHaveLength(10);
  });

  it('cuts behind a jump also frames whose order is not lost, from the first whose time is not usual', () => {
    const stream = reordered();
    const moof = stream.next([...even(5), 1, ...even(4)], { compositions });
    const next = stream.next(even(4), { compositions });
    stream.watch.cutBehindJump([moof, next]);
    expect([moof, next].map((each) => videoOf(each).samples.length)).toEqual([5, 0]);
  });
});
