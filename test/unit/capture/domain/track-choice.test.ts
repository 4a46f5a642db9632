import { describe, expect, it } from '@jest/globals';
import type { StreamInfo } from '../../../../src/modules/camera/domain/sdp.js';
import { CameraTrials } from '../../../../src/modules/capture/domain/camera-trials.js';
import { noPictures, timesAreEqual, unaskedExit } from '../../../../src/modules/capture/domain/failure.js';
import { chooseTracks } from '../../../../src/modules/capture/domain/track-choice.js';

const video = (codec: string): StreamInfo => ({ kind: 'video', codec });
const audio = (codec: string, more: Partial<StreamInfo> = {}): StreamInfo => ({
  ...{ kind: 'audio', codec, sampleRate: 8_000, channels: 1 },
  ...more,
});
const UNTRIED = { emptyVideos: new Set<number>(), isSoundRefused: false };
const choose = (streams: StreamInfo[], trials = UNTRIED) => chooseTracks(streams, true, trials);

describe('chooseTracks', () => {
  it('takes the first video, but H.264 or H.265 before MJPEG, and counts as FFmpeg does', () => {
    expect(choose([video('hevc'), video('h264')])).toMatchObject({ videoIndex: 0, videoCodec: 'hevc' });
    expect(choose([audio('aac'), video('mjpeg'), video('h264')])).toMatchObject({ videoIndex: 1, videoCodec: 'h264' });
    expect(choose([video('mp2t'), video('mjpeg')])).toMatchObject({ videoIndex: 1, videoCodec: 'mjpeg' });
    expect(choose([video('h263')])).toBeNull();
  });

  it('never takes a track for sound towards the camera, wherever it stands', () => {
    const back = audio('pcm_mulaw', { isBackChannel: true });
    expect(choose([video('h264'), back, audio('aac', { sampleRate: 16_000 })])?.sound).toEqual({
      ...{ index: 1, isCopied: true, sampleRate: 16_000, channels: 1 },
    });
    expect(choose([video('h264'), audio('pcm_alaw'), back])?.sound).toMatchObject({ index: 0, isCopied: false });
    expect(choose([video('h264'), back])?.sound).toBeNull();
  });

  it('takes the first of several sound tracks that can be had', () => {
    const streams = [video('h264'), audio('x-odd'), audio('opus', { sampleRate: 48_000, channels: 2 }), audio('aac')];
    expect(choose(streams)?.sound).toEqual({ index: 1, isCopied: false, sampleRate: 48_000, channels: 2 });
    expect(chooseTracks(streams, false, UNTRIED)?.sound).toBeNull();
  });

  it('encodes to a rate that AAC has', () => {
    expect(choose([video('h264'), audio('g722')])?.sound?.sampleRate).toBe(16_000);
    expect(choose([video('h264'), audio('pcm_s16be', { sampleRate: 9_000 })])?.sound?.sampleRate).toBe(8_000);
    expect(choose([video('h264'), audio('pcm_s16be', { sampleRate: 192_000 })])?.sound?.sampleRate).toBe(48_000);
  });
});

describe('CameraTrials', () => {
  const refused = ['[rtsp @ 0x1] method SETUP failed: 404 Not Found'];
  const ended = unaskedExit({ spawnError: null, signal: null, stderr: refused }, false);

  it('does without sound that is refused, until it was not the sound', () => {
    const trials = new CameraTrials();
    const streams = [video('h264'), audio('aac')];
    trials.describe(streams);
    expect(trials.learn({ videoIndex: 0, hadSound: true, failure: ended, stderr: refused })).toBe(true);
    expect(choose(streams, trials)?.sound).toBeNull();
    trials.describe(streams);
    expect(trials.learn({ videoIndex: 0, hadSound: false, failure: ended, stderr: refused })).toBe(false);
    expect(choose(streams, trials)?.sound).not.toBeNull();
  });

  it.each([401, 403, 453, 454, 503])('learns nothing from a SETUP that is refused with %d', (status) => {
    const trials = new CameraTrials();
    const stderr = [`method SETUP failed: ${status} No`];
    expect(trials.learn({ videoIndex: 0, hadSound: true, failure: ended, stderr })).toBe(false);
    expect(trials.isSoundRefused).toBe(false);
  });

  it('tries the other video track when one gives nothing, and all again when none does', () => {
    const trials = new CameraTrials();
    const streams = [video('h264'), video('h264')];
    const attempt = { hadSound: false, failure: noPictures(10_000), stderr: [] };
    trials.describe(streams);
    expect(trials.learn({ ...attempt, videoIndex: 0 })).toBe(true);
    expect(choose(streams, trials)?.videoIndex).toBe(1);
    expect(trials.learn({ ...attempt, videoIndex: 1 })).toBe(false);
    expect(choose(streams, trials)?.videoIndex).toBe(0);
  });

  it('forgets what it knows of a camera that describes itself otherwise', () => {
    const trials = new CameraTrials();
    trials.describe([video('h264')]);
    expect(trials.learn({ videoIndex: 0, hadSound: false, failure: timesAreEqual(), stderr: [] })).toBe(true);
    trials.describe([video('h264')]);
    expect(trials.stampsArrivals).toBe(true);
    trials.describe([video('hevc')]);
    expect(trials.stampsArrivals).toBe(false);
  });
});
