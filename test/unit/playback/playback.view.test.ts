import { describe, expect, it } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { CameraEvent } from '../../../src/schema/event.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackProgress } from '../../../src/schema/playback-progress.entity.js';
import type { ShownPlayback } from '../../../src/modules/playback/playback.repository.js';
import { toPlaybackResponse } from '../../../src/modules/playback/playback.view.js';

const ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const AT = new Date('2026-01-31T12:00:00.123Z');

const NOTHING_KNOWN = {
  ...{ videoUrl: null, localPath: null, fileSizeBytes: null, durationSec: null, durationMs: null, codec: null },
  ...{
    resolution: null,
    assembly: null,
    startedAt: null,
    endedAt: null,
    endReason: null,
    failureCode: null,
    failureMessage: null,
  },
  ...{ expectedMs: null, storedMs: null, gaps: [], sha256: null, objectKey: null },
  ...{ digest: null, progress: null, finaliseAttempts: 0, retryReason: null, retryAt: null, event: null },
};

function playback(fields: Partial<ShownPlayback> = {}): ShownPlayback {
  const camera = Object.assign(new Camera(), { id: ID, name: 'yard', onvifPasswordSealed: 'sealed' });
  const base = { id: ID, cameraId: ID, kind: 'manual', recordingStatus: 'PENDING', createdAt: AT, camera };
  return Object.assign(new Playback(), base, NOTHING_KNOWN, fields);
}

function progress(fields: Partial<PlaybackProgress>): PlaybackProgress {
  const media = { bytes: null, durationMs: null, frames: null, fps: null, bitrateKbps: null };
  const upload = { uploadSafeBytes: null, uploadPendingBytes: null, uploadAtRiskBytes: null };
  return Object.assign(new PlaybackProgress(), { playbackId: ID, ...media, ...upload }, fields);
}

describe('a playback as clients see it', () => {
  it('has every key from the start', () => {
    expect(toPlaybackResponse(playback(), null)).toEqual({
      id: ID,
      kind: 'manual',
      recordingStatus: 'PENDING',
      event: null,
      camera: { id: ID, name: 'yard' },
      ...{
        videoUrl: null,
        thumbnailUrl: null,
        fileSizeBytes: null,
        durationSec: null,
        durationMs: null,
        codec: null,
        resolution: null,
        assembly: null,
      },
      ...{ sha256: null, startedAt: null, endedAt: null, createdAt: '2026-01-31T12:00:00.123Z', endReason: null },
      ...{
        failure: null,
        progress: null,
        exportProgress: null,
        upload: null,
        retry: null,
        localPath: null,
        digest: null,
      },
      completeness: { expectedMs: null, storedMs: null, gaps: [] },
    });
  });

  it('shows its event, failure, progress and gaps', () => {
    const event = Object.assign(new CameraEvent(), {
      ...{ id: ID, cameraId: ID, type: 'MOTION', description: null, occurredAt: AT, endedAt: null },
      ...{ metadata: { zone: 1 }, recordingDecision: 'requested' },
    });
    const gap = { startAt: AT.toISOString(), endAt: AT.toISOString(), cause: 'stalled' as const };
    const view = toPlaybackResponse(
      playback({
        event,
        ...{ recordingStatus: 'FAILED', failureCode: 'CAMERA.LOST', failureMessage: 'It went away.' },
        progress: progress({ bytes: 1_000, durationMs: 8_000, frames: 200, fps: 25, bitrateKbps: 1 }),
        ...{ expectedMs: 9_000, storedMs: 8_000, gaps: [gap] },
      }),
      'http://x',
    );
    expect(view).toMatchObject({
      event: {
        ...{ id: ID, type: 'MOTION', description: null, occurredAt: '2026-01-31T12:00:00.123Z', endedAt: null },
        metadata: { zone: 1 },
      },
      failure: { code: 'CAMERA.LOST', message: 'It went away.' },
      progress: { bytes: 1_000, durationMs: 8_000, frames: 200, fps: 25, bitrateKbps: 1 },
      completeness: { expectedMs: 9_000, storedMs: 8_000, gaps: [gap] },
      videoUrl: 'http://x',
    });
    expect(Object.keys(view.event ?? {})).not.toContain('recordingDecision');
  });

  it('says how much is safe in the store', () => {
    const upload = { uploadSafeBytes: 5_242_880, uploadPendingBytes: 1_000, uploadAtRiskBytes: 1_000 };
    const view = toPlaybackResponse(playback({ progress: progress(upload) }), null);
    expect(view.upload).toEqual({ safeBytes: 5_242_880, pendingBytes: 1_000, atRiskBytes: 1_000 });
    expect(view.progress).toBeNull();
  });

  it('says how far it is before anything of it was sent', () => {
    const known = { bytes: 1_000, durationMs: 8_000, frames: 200, fps: 25, bitrateKbps: 1 };
    const view = toPlaybackResponse(playback({ progress: progress(known) }), null);
    expect([view.progress, view.upload]).toEqual([known, null]);
  });

  it('speaks of a retry only while it is being stored', () => {
    const retry = { finaliseAttempts: 2, retryReason: 'The store did not answer.', retryAt: AT };
    const waiting = toPlaybackResponse(playback({ recordingStatus: 'PROCESSING', ...retry }), null);
    expect(waiting.retry).toEqual({ attempts: 2, reason: 'The store did not answer.', at: '2026-01-31T12:00:00.123Z' });
    expect(toPlaybackResponse(playback({ recordingStatus: 'PROCESSING' }), null).retry).toBeNull();
    expect(toPlaybackResponse(playback({ recordingStatus: 'COMPLETED', ...retry }), null).retry).toBeNull();
  });
});
