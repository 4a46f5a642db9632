import { describe, expect, it } from '@jest/globals';
import { planStarts, type WaitingRecording } from '../../../../src/modules/recording/domain/queue-plan.js';

/** `a1` is the first recording of camera `a`. */
const waiting = (...ids: string[]): WaitingRecording[] =>
  ids.map((playbackId) => ({ playbackId, cameraId: playbackId[0]!, kind: 'event' }));
const running = (cameras: string) => [...cameras].map((cameraId) => ({ cameraId, kind: 'event' as const }));

describe('planStarts', () => {
  it('starts everything, the oldest first, when there is room', () => {
    expect(planStarts(waiting('a1', 'b1', 'c1'), [], 10)).toEqual(['a1', 'b1', 'c1']);
  });

  it('starts nothing when nothing waits, when all slots are taken, or when more run than may', () => {
    expect(planStarts([], running('a'), 2)).toEqual([]);
    expect(planStarts(waiting('a1'), running('bc'), 2)).toEqual([]);
    expect(planStarts(waiting('a1'), running('bcd'), 2)).toEqual([]);
  });

  it('fills the free slots and no more', () => {
    expect(planStarts(waiting('a1', 'b1', 'c1'), running('x'), 3)).toEqual(['a1', 'b1']);
  });

  it('prefers the camera that has fewer running recordings over the one that has waited longer', () => {
    expect(planStarts(waiting('a4', 'b1'), running('aaa'), 4)).toEqual(['b1']);
  });

  it('counts what it starts itself: one chatty camera does not take all the slots', () => {
    expect(planStarts(waiting('a1', 'a2', 'a3', 'a4', 'b1', 'c1'), [], 4)).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  it('gives a chatty camera what nobody else wants', () => {
    expect(planStarts(waiting('a1', 'a2', 'a3'), running('aab'), 6)).toEqual(['a1', 'a2', 'a3']);
  });

  it('leaves half of the slots to events, however many schedules begin at once', () => {
    const scheduled = (...ids: string[]) => waiting(...ids).map((one) => ({ ...one, kind: 'schedule' as const }));
    const morning = scheduled('a1', 'b1', 'c1', 'd1', 'e1');
    expect(planStarts(morning, [], 4)).toEqual(['a1', 'b1']);
    const two = running('ab').map(({ cameraId }) => ({ cameraId, kind: 'schedule' as const }));
    expect(planStarts([...morning, ...waiting('f1')], two, 4)).toEqual(['f1']);
    expect(planStarts(morning, running('xy'), 4)).toEqual(['a1', 'b1']);
    expect(planStarts(morning, [], 1)).toEqual(['a1']);
  });

  it('keeps the order within a camera', () => {
    expect(planStarts(waiting('b1', 'a1', 'b2', 'a2'), [], 4)).toEqual(['b1', 'a1', 'b2', 'a2']);
  });

  it('lets a quiet camera start within one free slot, however many of a chatty one wait before it', () => {
    const chatty = Array.from({ length: 500 }, (_, index) => ({
      playbackId: `a${index}`,
      cameraId: 'a',
      kind: 'event' as const,
    }));
    const queue = [...chatty, ...waiting('b1')];
    expect(planStarts(queue, running('aaaaaaa'), 8)).toEqual(['b1']);
  });
});
