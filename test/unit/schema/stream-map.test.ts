import { describe, expect, it } from '@jest/globals';
import { mainStream, type StreamId } from '../../../src/schema/stream-id.js';
import { StreamMap } from '../../../src/schema/stream-map.js';

const sub = (cameraId: string): StreamId => ({ cameraId, stream: 'sub' });

describe('StreamMap', () => {
  it('knows a stream by what it says, not by which object says it', () => {
    const map = new StreamMap<number>();
    map.set(mainStream('a'), 1);
    map.set(mainStream('a'), 2);
    expect(map.get(mainStream('a'))).toBe(2);
    expect(map.size).toBe(1);
  });

  it('keeps the streams of a camera apart', () => {
    const map = new StreamMap<number>();
    map.set(mainStream('a'), 1);
    map.set(sub('a'), 2);
    expect(map.delete(mainStream('a'))).toBe(true);
    expect(map.delete(mainStream('a'))).toBe(false);
    expect([map.has(mainStream('a')), map.has(sub('a')), map.get(mainStream('a'))]).toEqual([false, true, undefined]);
  });

  it('gives all that it holds in the order in which it came', () => {
    const map = new StreamMap<number>();
    map.set(mainStream('b'), 1);
    map.set(sub('a'), 2);
    expect(map.keys()).toEqual([mainStream('b'), sub('a')]);
    expect(map.values()).toEqual([1, 2]);
    expect([...map]).toEqual([
      [mainStream('b'), 1],
      [sub('a'), 2],
    ]);
    map.clear();
    expect(map.keys()).toEqual([]);
  });

  it('may shrink while its keys are gone through', () => {
    const map = new StreamMap<number>();
    for (const cameraId of ['a', 'b', 'c']) map.set(mainStream(cameraId), 0);
    for (const stream of map.keys()) map.delete(stream);
    expect(map.size).toBe(0);
  });
});
