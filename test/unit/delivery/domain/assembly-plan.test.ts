import { describe, expect, it } from '@jest/globals';
import {
  chooseAssembly,
  codecOf,
  type EncodedCapture,
  groupUniform,
  largestUniform,
  planAssembly,
  planPicture,
  planSound,
} from '../../../../src/modules/delivery/domain/assembly-plan.js';
import type { Take } from '../../../../src/modules/footage/domain/footage.js';
import type { InitSegment, Track } from '../../../../src/mp4/init-segment.js';

interface Stream {
  size?: [number, number];
  fps?: number;
  /** AudioSpecificConfig, hex. */
  audio?: string;
  timescale?: number;
  sec?: number;
}

const AAC_8K_MONO = '1588';
const AAC_32K_STEREO = '1290';

function take({
  size: [width, height] = [640, 360],
  fps = 25,
  audio,
  timescale = 8_000,
  sec = 10,
}: Stream): Take<EncodedCapture> {
  const common = { sampleEntry: '', defaultSampleDuration: 0, defaultSampleSize: 0, defaultSampleFlags: 0 };
  const video: Track = {
    ...{ trackId: 1, kind: 'video', timescale: 90_000, width, height, decoderConfig: Buffer.alloc(0) },
    ...{ ...common, configDigest: `${width}x${height}` },
  };
  const sound: Track = {
    ...{ trackId: 2, kind: 'audio', timescale, width: 0, height: 0, decoderConfig: Buffer.from(audio ?? '', 'hex') },
    ...{ ...common, configDigest: `${audio}` },
  };
  const tracks = audio === undefined ? [video] : [video, sound];
  const configDigest = tracks.map((track) => track.configDigest).join();
  const init: InitSegment = { bytes: Buffer.alloc(0), tracks, video, configDigest };
  const fragment = { segment: '', offset: 0, moofBytes: 0, sizeBytes: 0, isSync: true };
  const fragments = [{ ...fragment, startMs: 0, durationMs: sec * 1_000, frames: sec * fps }];
  const capture = { captureId: '', epochMs: 0, configDigest, init, fragments };
  return { capture, fragments, span: { startMs: 0, endMs: sec * 1_000 } };
}

describe('chooseAssembly', () => {
  it('copies what is alike, and encodes no more than what differs', () => {
    const plain = take({ audio: AAC_8K_MONO });
    expect(chooseAssembly([plain, take({ audio: AAC_8K_MONO })])).toBe('copied');
    expect(chooseAssembly([plain, take({ audio: AAC_32K_STEREO })])).toBe('audio_re_encoded');
    expect(chooseAssembly([plain, take({})])).toBe('audio_re_encoded');
    expect(chooseAssembly([plain, take({ size: [320, 180], audio: AAC_8K_MONO })])).toBe('re_encoded');
  });
});

describe('planAssembly', () => {
  const takes = [take({ sec: 6 }), take({ size: [320, 180], sec: 10 }), take({ sec: 6 })];

  it('keeps everything, as long as it can be encoded', () => {
    expect(planAssembly(takes, true)).toEqual({ assembly: 're_encoded', takes });
  });

  it('keeps what there is most of, as it came, when pictures differ and cannot be encoded', () => {
    expect(planAssembly(takes, false)).toEqual({ assembly: 'copied', takes: [takes[0], takes[2]] });
  });

  it('needs no encoder for pictures where only the sound differs', () => {
    const heard = [take({ audio: AAC_8K_MONO }), take({})];
    expect(planAssembly(heard, false)).toEqual({ assembly: 'audio_re_encoded', takes: heard });
    expect(planAssembly(heard.slice(0, 1), false)).toEqual({ assembly: 'copied', takes: heard.slice(0, 1) });
  });
});

describe('codecOf', () => {
  it('tells the codecs of cameras apart, also those that MP4 calls by one name', () => {
    const track = (sampleEntry: string, config = '') =>
      ({ ...take({}).capture.init.video, sampleEntry, decoderConfig: Buffer.from(config, 'hex') }) satisfies Track;
    expect(codecOf(track('avc1', '01'))).toBe('h264');
    expect(codecOf(track('hvc1', '01'))).toBe('hevc');
    expect(codecOf(track('hev1', '01'))).toBe('hevc');
    expect(codecOf(track('mp4v'))).toBe('mjpeg');
    expect(codecOf(track('mp4v', '000001b0'))).toBe('mpeg4');
  });
});

describe('groupUniform', () => {
  it('keeps the order: a stream that comes back is a group of its own', () => {
    const [a, b] = [take({}), take({ size: [320, 180] })];
    expect(groupUniform([a, a, b, a])).toEqual([[a, a], [b], [a]]);
  });
});

describe('largestUniform', () => {
  it('keeps the configuration of most of the footage, not of the longest take', () => {
    const [a, b] = [take({ sec: 6 }), take({ size: [320, 180], sec: 10 })];
    expect(largestUniform([a, b, a])).toEqual([a, a]);
  });
});

describe('planPicture', () => {
  it('has the size of the largest picture, even, and the speed of the fastest', () => {
    const takes = [take({ size: [1279, 721], fps: 15 }), take({ size: [640, 480], fps: 30 })];
    expect(planPicture(takes)).toEqual({ width: 1_280, height: 722, fps: 30 });
  });
});

describe('planSound', () => {
  it('is as good as the best sound, in as far as that is within reason', () => {
    const takes = [take({ audio: AAC_8K_MONO }), take({}), take({ audio: AAC_32K_STEREO, timescale: 32_000 })];
    expect(planSound(takes)).toEqual({ sampleRate: 32_000, channels: 2 });
    expect(planSound([take({ audio: AAC_8K_MONO, timescale: 96_000 })])).toEqual({ sampleRate: 48_000, channels: 1 });
  });

  it('is none where nobody had one', () => {
    expect(planSound([take({}), take({})])).toBeNull();
  });
});
