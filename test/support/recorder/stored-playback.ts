import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { encodeVideo, VIDEO_DEFAULTS, type VideoParameters } from '@hindsight/virtual-camera/clips';
import type { DataSource } from 'typeorm';
import { Camera } from '../../../src/schema/camera.entity.js';
import { CameraEvent } from '../../../src/schema/event.entity.js';
import type { StreamIndex, StreamSegment } from '../../../src/schema/stream-index.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackMedia } from '../../../src/schema/playback-media.entity.js';
import { readFragmentTiming } from '../../../src/mp4/fragment.js';
import { FragmentSplitter } from '../../../src/mp4/fragment-splitter.js';
import { parseInitSegment } from '../../../src/mp4/init-segment.js';
import { videoKey } from '../../../src/modules/storage/domain/object-key.js';
import type { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { findTools } from './capture-rig.js';

const run = promisify(execFile);
/** Wall clock of the first picture. */
export const STARTED_AT_MS = Date.parse('2026-01-31T12:00:00.000Z');
/** Like a head, so that nothing begins at the object's first byte. */
const LEADING_BYTES = 1_000;
/** As a capture does, so that sound and picture keep their places. */
const TIMELINE = ['-avoid_negative_ts', 'disabled', '-output_ts_offset', '10', '-use_editlist', '0'];
const CAPTURE_FLAGS = '+frag_keyframe+empty_moov+default_base_moof+frag_discont';

export interface Footage {
  bytes: Buffer;
  stream: StreamIndex;
}

export interface FootageOptions {
  /** FFmpeg's arguments for the video; default: copied. */
  encode?: readonly string[];
  audio?: boolean;
  seconds?: number;
}

/** A clip whose pictures carry their number, in fragments as a capture makes them, as one object. */
export async function makeFootage(
  clip: Partial<VideoParameters>,
  { encode = ['-c:v', 'copy'], audio = false, seconds = 20 }: FootageOptions = {},
): Promise<Footage> {
  const { ffmpeg } = await findTools();
  const isMjpeg = clip.codec === 'mjpeg';
  const flags = isMjpeg ? CAPTURE_FLAGS.replace('+frag_keyframe', '') : CAPTURE_FLAGS;
  const sound = audio ? ['-f', 'lavfi', '-i', 'sine=sample_rate=16000', '-c:a', 'aac', '-shortest'] : ['-an'];
  const { stdout } = await run(
    ffmpeg!.path,
    [
      ...['-v', 'error', '-i', await encodeVideo({ ...VIDEO_DEFAULTS, ...clip }), ...sound, ...encode],
      ...['-t', String(seconds), ...TIMELINE, '-movflags', flags, '-frag_duration', '1000000', '-f', 'mp4', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 1 << 28 },
  );
  return indexFootage(stdout);
}

function indexFootage(file: Buffer): Footage {
  const parts = new FragmentSplitter().push(file);
  const [head, ...rest] = parts;
  if (head?.kind !== 'init') throw new Error('no init segment');
  const init = parseInitSegment(head.bytes);
  const segments: StreamSegment[] = [];
  const pieces: Buffer[] = [Buffer.alloc(LEADING_BYTES)];
  let offset = LEADING_BYTES;
  let originMs: number | null = null;
  for (const part of rest) {
    if (part.kind === 'init') continue;
    const timing = readFragmentTiming(part.moof, init);
    originMs ??= timing?.startMs ?? null;
    const sizeBytes = part.moof.length + part.mdat.length;
    const last = segments.at(-1);
    const startAtMs = STARTED_AT_MS + (timing?.startMs ?? 0) - (originMs ?? 0);
    if (timing?.isSync || !last) {
      const id = `capture-${Math.round(timing?.startMs ?? 0)}`;
      segments.push({ id, offset, sizeBytes, startAtMs, durationMs: timing?.durationMs ?? 0 });
    } else {
      last.sizeBytes += sizeBytes;
      if (timing) last.durationMs = startAtMs + timing.durationMs - last.startAtMs;
    }
    pieces.push(part.moof, part.mdat);
    offset += sizeBytes;
  }
  const stream = { inits: [head.bytes.toString('base64')], runs: [{ init: 0, segments }] };
  return { bytes: Buffer.concat(pieces), stream };
}

export interface StoredPlayback {
  id: string;
  media(): Promise<PlaybackMedia | null>;
}

/** A COMPLETED playback of this footage; `triggerMs` after its start something happened. */
export async function storePlayback(
  { bytes, stream }: Footage,
  { store, dataSource, triggerMs }: { store: ObjectStore; dataSource: DataSource; triggerMs?: number },
): Promise<StoredPlayback> {
  const { manager } = dataSource;
  const camera = await manager.save(Camera, { name: 'yard' });
  const event =
    triggerMs === undefined
      ? null
      : await manager.save(CameraEvent, {
          ...{ cameraId: camera.id, type: 'MOTION', occurredAt: new Date(STARTED_AT_MS + triggerMs) },
        });
  const id = randomUUID();
  await store.putBytes(videoKey(id), bytes, { contentType: 'video/mp4' });
  const last = stream.runs.at(-1)!.segments.at(-1)!;
  await manager.save(Playback, {
    ...{ id, cameraId: camera.id, eventId: event?.id ?? null, recordingStatus: 'COMPLETED', objectKey: videoKey(id) },
    durationMs: Math.round(last.startAtMs + last.durationMs - STARTED_AT_MS),
  });
  await manager.insert(PlaybackMedia, { playbackId: id, stream });
  return { id, media: () => manager.findOneBy(PlaybackMedia, { playbackId: id }) };
}
