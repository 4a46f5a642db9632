import type { Playback } from '../../schema/playback.entity.js';
import type { ShownPlayback } from './playback.repository.js';
import type { PlaybackResponse } from './playback.response.js';

/** A playback as clients see it: every key is there, null when nothing is known. */
export function toPlaybackResponse(
  playback: ShownPlayback,
  videoUrl: string | null,
  thumbnailUrl: string | null = null,
): PlaybackResponse {
  return {
    id: playback.id,
    recordingStatus: playback.recordingStatus,
    kind: playback.kind,
    event: eventOf(playback),
    camera: { id: playback.cameraId, name: playback.camera?.name ?? '' },
    videoUrl,
    thumbnailUrl,
    fileSizeBytes: playback.fileSizeBytes,
    durationSec: playback.durationSec,
    durationMs: playback.durationMs,
    codec: playback.codec,
    resolution: playback.resolution,
    assembly: playback.assembly,
    sha256: playback.sha256,
    digest: playback.digest,
    startedAt: iso(playback.startedAt),
    endedAt: iso(playback.endedAt),
    createdAt: playback.createdAt.toISOString(),
    endReason: playback.endReason,
    failure: failureOf(playback),
    completeness: { expectedMs: playback.expectedMs, storedMs: playback.storedMs, gaps: playback.gaps },
    progress: progressOf(playback),
    upload: uploadOf(playback),
    retry: retryOf(playback),
    localPath: playback.localPath,
  };
}

function eventOf({ event }: Playback): PlaybackResponse['event'] {
  if (!event) return null;
  const { id, type, description, occurredAt, endedAt, metadata } = event;
  return { id, type, description, occurredAt: occurredAt.toISOString(), endedAt: iso(endedAt), metadata };
}

function failureOf({ failureCode, failureMessage }: Playback): PlaybackResponse['failure'] {
  return failureCode === null ? null : { code: failureCode, message: failureMessage ?? '' };
}

function progressOf({ progress }: ShownPlayback): PlaybackResponse['progress'] {
  if (!progress || progress.bytes === null) return null;
  const { bytes, durationMs, frames, fps, bitrateKbps } = progress;
  return { bytes, durationMs, frames, fps, bitrateKbps };
}

function uploadOf({ progress }: ShownPlayback): PlaybackResponse['upload'] {
  if (!progress) return null;
  const { uploadSafeBytes: safeBytes, uploadPendingBytes: pendingBytes, uploadAtRiskBytes: atRiskBytes } = progress;
  if (safeBytes === null || pendingBytes === null || atRiskBytes === null) return null;
  return { safeBytes, pendingBytes, atRiskBytes };
}

function retryOf({ recordingStatus, finaliseAttempts, retryReason, retryAt }: Playback): PlaybackResponse['retry'] {
  if (recordingStatus !== 'PROCESSING' || retryReason === null) return null;
  return { attempts: finaliseAttempts, reason: retryReason, at: iso(retryAt) };
}

function iso(instant: Date | null): string | null {
  return instant?.toISOString() ?? null;
}
