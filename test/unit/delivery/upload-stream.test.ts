import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UploadStream } from '../../../src/modules/delivery/domain/upload-stream.js';
import { captureOf } from './captures.js';

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });

function streamOf(list: readonly number[]): UploadStream {
  const stream = new UploadStream();
  const capture = captureOf('a', list);
  for (const fragment of capture.fragments) stream.append(capture, fragment);
  return stream;
}

describe('the stream of an upload', () => {
  it('has each fragment once, right behind the one before', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(29)), (list, again) => {
        const stream = streamOf(list);
        const capture = captureOf('a', list);
        for (const index of again) if (index < list.length) stream.append(capture, capture.fragments[index]!);
        let at = 0;
        for (const { streamOffset, fragment } of stream.entries) {
          expect(streamOffset).toBe(at);
          at += fragment.sizeBytes;
        }
        expect([stream.entries.length, stream.sizeBytes]).toEqual([list.length, at]);
      }),
    );
  });

  it('finds what overlaps a range: nothing else, and nothing less', () => {
    fc.assert(
      fc.property(sizes, fc.nat(600), fc.nat(100), (list, from, length) => {
        const stream = streamOf(list);
        const to = from + length;
        const slow = stream.entries.filter(
          ({ streamOffset, fragment }) => streamOffset < to && streamOffset + fragment.sizeBytes > from,
        );
        expect(stream.overlapping(from, to)).toEqual(length === 0 ? stream.overlapping(from, from) : slow);
      }),
    );
  });

  it('is cut to whole fragments, ends where it was cut, and takes what it lost again', () => {
    fc.assert(
      fc.property(sizes, fc.nat(600), (list, at) => {
        const stream = streamOf(list);
        const cut = Math.min(at, stream.sizeBytes);
        const before = [...stream.entries];
        stream.cut(cut);
        const kept = before.filter(({ streamOffset, fragment }) => streamOffset + fragment.sizeBytes <= cut);
        expect(stream.entries).toEqual(kept);
        expect(stream.sizeBytes).toBe(cut);
        for (const { capture, fragment } of before) stream.append(capture, fragment);
        expect(stream.entries.map(({ fragment }) => fragment)).toEqual(before.map(({ fragment }) => fragment));
        expect(stream.entries[kept.length]?.streamOffset ?? cut).toBe(cut);
      }),
    );
  });

  it('tells the takes of what was read from its beginning on, in one configuration', () => {
    const [a, b, other] = [captureOf('a', [10, 10, 10]), captureOf('b', [10]), captureOf('c', [10])];
    Object.assign(other, { configDigest: 'another' });
    const stream = new UploadStream();
    const append = (capture: typeof a, index: number) =>
      stream.append(capture, capture.fragments[index]!, Buffer.from([index]));
    const told = () =>
      stream.takes().map(({ capture, fragments, moofs }) => [capture.captureId, fragments.length, moofs.length]);
    expect(told()).toEqual([]);
    append(a, 0);
    // Taken up again, it is the same capture read anew.
    append({ ...a }, 1);
    append(b, 0);
    append(a, 2);
    append(other, 0);
    append(b, 0);
    expect(told()).toEqual([
      ['a', 2, 2],
      ['b', 1, 1],
      ['a', 1, 1],
    ]);
    stream.cut(10);
    stream.append(a, a.fragments[1]!);
    append(a, 2);
    expect(told()).toEqual([['a', 1, 1]]);
  });
});
