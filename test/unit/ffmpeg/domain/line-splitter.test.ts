import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter } from '../../../../src/ffmpeg/domain/line-splitter.js';

function linesOf(pieces: readonly string[]): string[] {
  const splitter = new LineSplitter();
  const lines = pieces.flatMap((piece) => splitter.push(piece));
  return [...lines, splitter.end()].filter((line) => line !== '');
}

describe('LineSplitter', () => {
  it('gives the same lines wherever the text is cut', () => {
    const text = 'one\r\ntwo\n\nthree\rfour';
    expect(linesOf([text])).toEqual(['one', 'two', 'three', 'four']);
    expect(linesOf([...text])).toEqual(['one', 'two', 'three', 'four']);
    fc.assert(
      fc.property(fc.array(fc.string()), (pieces) => {
        expect(linesOf(pieces)).toEqual(linesOf([pieces.join('')]));
      }),
    );
  });

  it('keeps the beginning of a line without end, and no more of it', () => {
    const splitter = new LineSplitter();
    for (let i = 0; i < 100_000; i += 1) splitter.push('x');
    expect(splitter.end()).toHaveLength(8_192);
    expect(splitter.push(`${'y'.repeat(20_000)}\nz`)).toEqual(['x'.repeat(8_192)]);
    expect(splitter.end()).toBe('z');
  });
});
