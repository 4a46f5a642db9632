import { describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '../../../../src/common/error-catalogue.js';
import { AppError } from '../../../../src/common/errors.js';
import { failureOf, stalled, unaskedExit } from '../../../../src/modules/capture/domain/failure.js';
import { Mp4Error } from '../../../../src/mp4/boxes.js';

describe('failureOf', () => {
  it.each<[ErrorCode, string, boolean]>([
    ['CAMERA.UNREACHABLE', 'camera_unreachable', false],
    ['CAMERA.HOST_UNKNOWN', 'camera_unreachable', false],
    ['CAMERA.ONVIF_FAILED', 'camera_unreachable', false],
    ['CAMERA.RTSP_FAILED', 'camera_unreachable', false],
    ['CAMERA.BUSY_SESSIONS', 'camera_refused', false],
    ['CAMERA.WRONG_PASSWORD', 'camera_refused', true],
    ['CAMERA.STREAM_NOT_FOUND', 'camera_refused', true],
    ['CAMERA.ADDRESS_NOT_ALLOWED', 'camera_refused', true],
    ['CAMERA.NOT_FOUND', 'camera_refused', true],
    ['CAMERA.NO_VIDEO', 'no_video', true],
    ['CAMERA.UNSUPPORTED_CODEC', 'no_video', true],
    ['CAMERA.NO_SUCH_PROFILE', 'camera_refused', true],
    ['CAMERA.SOURCE_MISSING', 'camera_refused', true],
    ['CAMERA.STREAM_URL_INVALID', 'camera_refused', true],
    ['CAMERA.CREDENTIALS_TOO_LONG', 'camera_refused', true],
    ['CAMERA.CREDENTIALS_UNREADABLE', 'camera_refused', false],
    ['RECORDING.FFMPEG_MISSING', 'camera_refused', true],
  ])('%s is %s', (code, cause, permanent) => {
    const message = 'A sentence.';
    expect(failureOf(new AppError({ code, message }))).toEqual({ code, message, cause, permanent });
  });

  it('does not give up for a fault of our own', () => {
    const error = new AppError({ code: 'CAMERA.CREDENTIALS_UNREADABLE', message: 'x' });
    expect(failureOf(error).permanent).toBe(false);
  });

  it.each(['ENOSPC', 'EDQUOT'])('knows a full disk (%s)', (code) => {
    const error = Object.assign(new Error(`${code}: no space left, write`), { code });
    expect(failureOf(error)).toMatchObject({ code: 'RECORDING.DISK_FULL', cause: 'disk_full', permanent: true });
  });

  it('knows a stream that is no MP4, and anything else', () => {
    expect(failureOf(new Mp4Error('moov before ftyp'))).toMatchObject({
      code: 'RECORDING.STREAM_INVALID',
      cause: 'ffmpeg_failed',
    });
    expect(failureOf(new Error('surprise'))).toMatchObject({
      code: 'RECORDING.INTERNAL',
      cause: 'unknown',
      permanent: false,
    });
  });
});

describe('unaskedExit', () => {
  it.each([
    ['method SETUP failed: 453 Not Enough Bandwidth', 'CAMERA.BUSY_SESSIONS', 'camera_refused'],
    ['method PLAY failed: 503 Service Unavailable', 'CAMERA.RTSP_FAILED', 'camera_unreachable'],
  ])('reads in "%s" what the camera said', (words, code, cause) => {
    const stderr = [`[rtsp @ 0x5581] ${words}`, 'Impossible to open the stream', 'pipe:: Server returned an error'];
    expect(unaskedExit({ spawnError: null, signal: null, stderr }, false)).toMatchObject({
      code,
      cause,
      permanent: false,
    });
    expect(unaskedExit({ spawnError: null, signal: null, stderr }, true)).toMatchObject({
      code: 'RECORDING.CAMERA_LOST',
    });
  });

  const run = { spawnError: null, signal: null, stderr: ['one', 'two', 'three'] };

  it('is the loss of the camera when there was footage', () => {
    expect(unaskedExit(run, true)).toMatchObject({
      code: 'RECORDING.CAMERA_LOST',
      cause: 'camera_lost',
      permanent: false,
    });
    expect(unaskedExit(run, true).message).toBe('The camera ended the stream. FFmpeg said: two three');
    expect(unaskedExit({ ...run, stderr: [] }, true).message).toBe('The camera ended the stream.');
  });

  it('is a failure of FFmpeg when there was none', () => {
    expect(unaskedExit(run, false)).not.toHaveProperty('wasKilled');
    expect(unaskedExit({ ...run, signal: 'SIGKILL' }, false)).toMatchObject({
      code: 'RECORDING.FFMPEG_FAILED',
      message: 'FFmpeg was killed (SIGKILL) before the first picture. It said: two three',
      wasKilled: true,
    });
    expect(unaskedExit(run, false)).toMatchObject({ code: 'RECORDING.FFMPEG_FAILED', cause: 'ffmpeg_failed' });
    const spawnError = new Error('spawn ffmpeg ENOENT');
    expect(unaskedExit({ spawnError, signal: null, stderr: [] }, false).message).toBe(
      'FFmpeg could not be started: spawn ffmpeg ENOENT.',
    );
  });
});

describe('stalled', () => {
  it('says for how long', () => {
    expect(stalled(9_960).message).toBe('The camera sent nothing for 10 s although it stayed connected.');
  });
});
