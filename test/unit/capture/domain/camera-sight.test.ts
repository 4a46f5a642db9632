import { describe, expect, it } from '@jest/globals';
import {
  type CameraHappening,
  type CameraSight,
  nextSight,
} from '../../../../src/modules/capture/domain/camera-sight.js';
import type { CaptureFailure } from '../../../../src/modules/capture/domain/failure.js';

const AWAY: CaptureFailure = {
  code: 'CAMERA.UNREACHABLE',
  message: 'Away.',
  cause: 'camera_unreachable',
  permanent: false,
};
const FULL: CaptureFailure = {
  code: 'CAMERA.BUSY_SESSIONS',
  message: 'Full.',
  cause: 'camera_refused',
  permanent: false,
};
const wanted = (atMs: number): CameraHappening => ({ kind: 'wanted', atMs });
const footage = (startMs: number): CameraHappening => ({ kind: 'footage', startMs });
const unwanted = (atMs: number): CameraHappening => ({ kind: 'unwanted', atMs });
const failed = (atMs: number, failure = AWAY, footageEndMs: number | null = null): CameraHappening => ({
  ...{ kind: 'failed', atMs, footageEndMs, failure },
});
const after = (...happenings: CameraHappening[]) => happenings.reduce<CameraSight | null>(nextSight, null);

describe('nextSight', () => {
  it('follows a camera from the first demand to the last', () => {
    expect(after(wanted(1))).toEqual({ state: 'connecting', sinceMs: 1, lastError: null });
    expect(after(wanted(1), footage(5), footage(6))).toEqual({ state: 'online', sinceMs: 5, lastError: null });
    expect(after(wanted(1), footage(5), unwanted(9))).toEqual({ state: 'idle', sinceMs: 9, lastError: null });
    expect(after(wanted(1), footage(5), unwanted(9), wanted(12))).toMatchObject({ state: 'connecting', sinceMs: 12 });
  });

  it('is offline since the last footage, which is before the failure was noticed', () => {
    const lastError = { code: 'CAMERA.UNREACHABLE', message: 'Away.', atMs: 20 };
    expect(after(wanted(1), footage(5), failed(20, AWAY, 10))).toEqual({ state: 'offline', sinceMs: 10, lastError });
  });

  it('is offline since the failure when it gave nothing', () => {
    expect(after(wanted(1), failed(3))).toMatchObject({ state: 'offline', sinceMs: 3 });
  });

  it('stays offline through other failures and further demands, and names the last failure', () => {
    const seen = after(wanted(1), failed(3), failed(7, FULL), wanted(8));
    expect(seen).toMatchObject({ state: 'offline', sinceMs: 3, lastError: { code: 'CAMERA.BUSY_SESSIONS', atMs: 7 } });
  });

  it('keeps the last failure when it is well again', () => {
    expect(after(wanted(1), failed(3), footage(9))).toMatchObject({
      state: 'online',
      sinceMs: 9,
      lastError: { atMs: 3 },
    });
  });

  it('does not change with what it knows already, so that nothing is written', () => {
    for (const happenings of [
      [wanted(1), wanted(2)],
      [wanted(1), footage(2), footage(3)],
      [wanted(1), footage(2), wanted(3)],
      [wanted(1), failed(2), failed(3)],
      [wanted(1), unwanted(2), unwanted(3)],
    ]) {
      const before = after(...happenings.slice(0, -1));
      expect(nextSight(before, happenings.at(-1)!)).toBe(before);
    }
  });
});
