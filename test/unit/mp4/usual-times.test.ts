import { describe, expect, it } from '@jest/globals';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';
import { type Usual, UsualTimes } from '../../../src/mp4/usual-times.js';
import { makeMoof, readFixture } from '../../support/footage.js';

/** Ten frames a second at a time scale of 10,240. */
const STEP = 1_024;
const { init } = readFixture('h264-aac');

/** What is usual after fragments of ten frames that are shown so many steps after they are decoded. */
function learnt(...fragments: number[][]): Usual | undefined {
  const usual = new UsualTimes();
  for (const steps of fragments) {
    const samples = steps.map((step) => ({ durationTicks: STEP, compositionTicks: step * STEP }));
    for (const track of readTrackFragments(makeMoof(0, samples), init)) usual.learn(track);
  }
  return usual.of(init.video.trackId);
}

describe('UsualTimes', () => {
  const inOrder = Array<number>(10).fill(2);
  const withBFrames = [2, 4, 1, 1, 4, 1, 1, 4, 1, 1];

  it('knows nothing before enough frames have come', () => {
    expect(learnt()).toBeUndefined();
    expect(learnt([0, 0, 0])).toBeUndefined();
  });

  it('learns how long frames are shown, and how much later than they are decoded', () => {
    expect(learnt(inOrder)).toEqual({ stepTicks: STEP, compositionTicks: 2 * STEP, reorders: false });
    expect(learnt(inOrder, withBFrames)).toEqual({ stepTicks: STEP, compositionTicks: 4 * STEP, reorders: true });
  });

  it('takes a camera that had B-frames once for one that reorders, though it leaves them out at times', () => {
    expect(learnt(withBFrames, inOrder, inOrder)).toMatchObject({ reorders: true });
  });

  it('does not take one picture that is shown late for B-frames for good', () => {
    const late = [...inOrder.slice(0, 9), 40];
    expect(learnt(inOrder, late)).toMatchObject({ reorders: true });
    expect(learnt(inOrder, late, inOrder)).toMatchObject({ reorders: false });
  });
});
