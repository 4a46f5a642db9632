import type { ErrorCode } from '../../../common/error-catalogue.js';
import type { CameraState } from '../../../schema/camera-status.entity.js';
import type { CaptureFailure } from './failure.js';

/** What a recorder sees of a camera; instants in milliseconds since the epoch. */
export interface CameraSight {
  state: CameraState;
  /** Offline: since the last footage, which is before the failure was noticed. */
  sinceMs: number;
  /** The last one, kept when the camera is well again; the same one again keeps the instant at which it began. */
  lastError: { code: ErrorCode; message: string; atMs: number } | null;
}

export type CameraHappening =
  | { kind: 'wanted'; atMs: number }
  | { kind: 'footage'; startMs: number }
  | { kind: 'failed'; atMs: number; footageEndMs: number | null; failure: CaptureFailure }
  | { kind: 'unwanted'; atMs: number };

/** What is seen after something happened; the same object when that changes nothing. */
export function nextSight(sight: CameraSight | null, happening: CameraHappening): CameraSight {
  const lastError = sight?.lastError ?? null;
  switch (happening.kind) {
    case 'wanted':
      return sight && sight.state !== 'idle' ? sight : { state: 'connecting', sinceMs: happening.atMs, lastError };
    case 'footage':
      return sight?.state === 'online' ? sight : { state: 'online', sinceMs: happening.startMs, lastError };
    case 'unwanted':
      return sight?.state === 'idle' ? sight : { state: 'idle', sinceMs: happening.atMs, lastError };
    case 'failed':
      return afterFailure(sight, happening);
  }
}

function afterFailure(
  sight: CameraSight | null,
  { atMs, footageEndMs, failure: { code, message } }: Extract<CameraHappening, { kind: 'failed' }>,
): CameraSight {
  const wasOffline = sight?.state === 'offline';
  const { lastError = null } = sight ?? {};
  if (wasOffline && lastError?.code === code && lastError.message === message) return sight;
  const sinceMs = wasOffline ? sight.sinceMs : Math.min(atMs, (sight?.state === 'online' && footageEndMs) || atMs);
  return { state: 'offline', sinceMs, lastError: { code, message, atMs } };
}
