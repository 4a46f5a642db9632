import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ProgressParser } from '../../../../src/ffmpeg/domain/ffmpeg-progress.js';

const BLOCK = [
  'frame=150',
  'fps=25.04',
  'stream_0_0_q=-1.0',
  'bitrate=1066.1kbits/s',
  'total_size=801655',
  'out_time_us=6015875',
  'out_time_ms=6015875',
  'out_time=00:00:06.015875',
  'dup_frames=0',
  'speed=   1x',
  'progress=continue',
  '',
].join('\n');
const PROGRESS = { frames: 150, fps: 25.04, bitrateKbps: 1066.1, totalBytes: 801_655, outTimeMs: 6_015.875 };

describe('ProgressParser', () => {
  it('reads a block, wherever the pipe cuts it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: BLOCK.length }), (at) => {
        const parser = new ProgressParser();
        const first = parser.push(BLOCK.slice(0, at));
        expect(parser.push(BLOCK.slice(at)) ?? first).toEqual(PROGRESS);
      }),
    );
  });

  it('says nothing before a block is whole', () => {
    expect(new ProgressParser().push('frame=1\nfps=0')).toBeNull();
  });

  it('gives the newest of several blocks', () => {
    expect(new ProgressParser().push(BLOCK + BLOCK.replace('frame=150', 'frame=175'))?.frames).toBe(175);
  });

  it('counts what FFmpeg does not know yet as 0', () => {
    expect(new ProgressParser().push('frame=0\nfps=N/A\nbitrate=N/A\ntotal_size=N/A\nprogress=end\n')).toEqual({
      ...{ frames: 0, fps: 0, bitrateKbps: 0, totalBytes: 0, outTimeMs: 0 },
    });
  });
});
