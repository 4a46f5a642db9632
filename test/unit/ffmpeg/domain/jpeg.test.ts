import { describe, expect, it } from '@jest/globals';
import { readJpegSize } from '../../../../src/ffmpeg/domain/jpeg.js';

const hex = (...parts: string[]) => Buffer.from(parts.join(''), 'hex');
const START = 'ffd8';
const APP0 = 'ffe00004abcd';
const TABLES = 'ffc40003ff';
const FRAME = 'ffc0000b08005a00a0010111';

describe('readJpegSize', () => {
  it('finds the frame header behind other segments', () => {
    expect(readJpegSize(hex(START, APP0, TABLES, FRAME))).toEqual({ width: 160, height: 90 });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a PNG', hex('89504e470d0a1a0a0000000d49484452')],
    ['a JPEG without a frame', hex(START, APP0, TABLES)],
    ['a JPEG that is cut off', hex(START, APP0, FRAME).subarray(0, 14)],
    ['no marker where one belongs', hex(START, APP0, '00', FRAME)],
  ])('takes %s for none', (_name, bytes) => {
    expect(readJpegSize(bytes)).toBeNull();
  });
});
