import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UploadStream } from '../../../../src/modules/recording/domain/upload-stream.js';
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
        const { capture } = stream.entries[0]!;
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
});
