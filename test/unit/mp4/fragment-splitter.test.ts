import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Mp4Error } from '../../../src/mp4/boxes.js';
import { FragmentSplitter, type Mp4Part } from '../../../src/mp4/fragment-splitter.js';
import { readFixture } from '../../support/footage.js';

const { bytes } = readFixture('h264-aac');

function split(chunks: Buffer[]): Mp4Part[] {
  const splitter = new FragmentSplitter();
  return chunks.flatMap((chunk) => splitter.push(chunk));
}

function cut(whole: Buffer, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, index = 0; at < whole.length; index += 1) {
    const size = sizes[index % sizes.length]!;
    chunks.push(whole.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function box(type: string, body = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, body]);
}

describe('FragmentSplitter', () => {
  it('gives the init segment and whole fragments, byte for byte', () => {
    const parts = split([bytes]);
    expect(parts.map(({ kind }) => kind)).toEqual(['init', ...Array<string>(5).fill('fragment')]);
    const joined = parts.flatMap((part) => (part.kind === 'init' ? [part.bytes] : [part.moof, part.mdat]));
    expect(bytes.subarray(0, Buffer.concat(joined).length).equals(Buffer.concat(joined))).toBe(true);
  });

  it('gives the same parts wherever the pipe is cut', () => {
    const whole = split([bytes]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        expect(split(cut(bytes, sizes))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('holds back a fragment until its last byte is there', () => {
    const splitter = new FragmentSplitter();
    const [first] = readFixture('h264-aac').fragments;
    const head = bytes.indexOf(first!.mdat) + first!.mdat.length;
    expect(splitter.push(bytes.subarray(0, head - 1)).map(({ kind }) => kind)).toEqual(['init']);
    expect(splitter.tailBytes).toBe(first!.moof.length + first!.mdat.length - 1);
    expect(splitter.push(bytes.subarray(head - 1, head)).map(({ kind }) => kind)).toEqual(['fragment']);
    expect(splitter.tailBytes).toBe(0);
  });

  it('reads 64-bit sizes and skips boxes without media', () => {
    const large = Buffer.concat([
      Buffer.from('00000001', 'hex'),
      Buffer.from('mdat'),
      Buffer.alloc(8),
      Buffer.from('xyz'),
    ]);
    large.writeBigUInt64BE(19n, 8);
    const parts = split(cut(Buffer.concat([box('styp'), box('moof'), large]), [3]));
    expect(parts).toEqual([{ kind: 'fragment', moof: box('moof'), mdat: large }]);
  });

  it.each([
    ['a moov before its ftyp', box('moov')],
    ['media without its moof', box('mdat')],
    ['a box without an end', Buffer.from('00000000' + Buffer.from('mdat').toString('hex'), 'hex')],
    ['a box that is smaller than its header', Buffer.from('00000004' + Buffer.from('moof').toString('hex'), 'hex')],
    ['a box that is too large for a live stream', Buffer.from('7fffffff' + Buffer.from('mdat').toString('hex'), 'hex')],
  ])('refuses %s', (_what, stream) => {
    expect(() => split([stream])).toThrow(Mp4Error);
  });
});
