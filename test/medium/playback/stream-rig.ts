import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../src/common/logging.js';
import type { StreamIndex } from '../../../src/schema/stream-index.js';
import { mainStream } from '../../../src/schema/stream-id.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackMedia } from '../../../src/schema/playback-media.entity.js';
import { readFragmentTiming } from '../../../src/mp4/fragment.js';
import {
  type CaptureWriter,
  FragmentLog,
  type StoredCapture,
} from '../../../src/modules/footage/fragment-log.store.js';
import { indexRun } from '../../../src/modules/footage/domain/stream-segments.js';
import { RecorderNode } from '../../../src/schema/recorder-node.entity.js';
import { videoKey } from '../../../src/modules/storage/domain/object-key.js';
import { readFixture } from '../../support/footage.js';
import { type PlaybackApp, startPlaybackApp } from './playback-app.js';

export const STARTED_AT_MS = Date.UTC(2026, 0, 31, 12);

/** A capture that the test writes fragment by fragment. */
export interface TestCapture {
  writer: CaptureWriter;
  /** With all that is in the log of it. */
  stored(): Promise<StoredCapture>;
  /** Writes so many more fragments. */
  append(count: number): Promise<void>;
  end(): Promise<void>;
}

export interface StreamRig extends PlaybackApp {
  nodeId: string;
  homeDir: string;
  log: FragmentLog;
  cameraId: string;
  /** A recording of the rig's camera that began with the first fragment of a capture, or of another one. */
  insertRecording(fields?: Partial<Playback>): Promise<Playback>;
  /** @param ofCamera the rig's, unless told otherwise */
  beginCapture(startedAtMs?: number, ofCamera?: string): Promise<TestCapture>;
  change(id: string, fields: Partial<Omit<Playback, 'event' | 'camera'>>): Promise<void>;
  /** Makes it COMPLETED with these bytes and this index. */
  complete(id: string, bytes: Buffer, stream: StreamIndex | null): Promise<void>;
  playlist(id: string, query?: string): Promise<string>;
  close(): Promise<void>;
}

/** The read side in a process without a recorder, beside the disk of one. */
export async function startStreamRig(...of: Parameters<typeof startPlaybackApp>): Promise<StreamRig> {
  const app = await startPlaybackApp(...of);
  const { manager } = app.database.dataSource;
  const homeDir = await mkdtemp(join(tmpdir(), 'hindsight-stream-'));
  const nodeId = randomUUID();
  await writeFile(join(homeDir, 'node-id'), `${nodeId}\n`);
  await manager.insert(RecorderNode, { id: nodeId, homeDir, host: 'here', startedAt: new Date() });
  const log = new FragmentLog(homeDir, { segmentMs: 3_000, fsyncMs: 0 }, createLogger('silent'));
  const { id: cameraId } = await app.insertCamera({ name: 'yard' });
  return {
    ...{ ...app, nodeId, homeDir, log, cameraId },
    insertRecording: (fields = {}) =>
      app.insertPlayback({
        ...{ cameraId, nodeId, footageNodes: [nodeId], recordingStatus: 'RECORDING' },
        ...{ rangeStartAt: new Date(STARTED_AT_MS), ...fields },
      }),
    beginCapture: async (startedAtMs = STARTED_AT_MS, ofCamera = cameraId) => beginCapture(log, ofCamera, startedAtMs),
    change: async (id, fields) => void (await manager.update(Playback, { id }, fields)),
    complete: async (id, bytes, stream) => {
      await app.store.putBytes(videoKey(id), bytes, { contentType: 'video/mp4' });
      await manager.insert(PlaybackMedia, { playbackId: id, stream: stream as object | null });
      await manager.update(Playback, { id }, { recordingStatus: 'COMPLETED', objectKey: videoKey(id) });
    },
    playlist: async (id, query = '') => (await app.get(`/playbacks/${id}/stream/playlist.m3u8${query}`)).text(),
    close: async () => {
      await app.close();
      await rm(homeDir, { recursive: true, force: true });
    },
  };
}

/** The fixture as a camera would send it: each fragment comes when its last picture was taken. */
async function beginCapture(log: FragmentLog, cameraId: string, startedAtMs: number): Promise<TestCapture> {
  const { init, fragments } = readFixture('h264-aac');
  const writer = await log.openCapture(mainStream(cameraId), init.bytes, startedAtMs);
  const firstMs = readFragmentTiming(Buffer.from(fragments[0]!.moof), init)!.startMs;
  let endMs = startedAtMs;
  return {
    writer,
    stored: async () => {
      const captures = await log.readCaptures(mainStream(cameraId));
      return captures.find(({ captureId }) => captureId === writer.capture.captureId)!;
    },
    append: async (count) => {
      for (const { moof, mdat } of fragments.splice(0, count)) {
        const { startMs, durationMs } = readFragmentTiming(moof, init)!;
        endMs = startedAtMs + startMs - firstMs + durationMs;
        await writer.append(moof, mdat, { wallMs: endMs, monoMs: endMs - STARTED_AT_MS });
      }
      await writer.settle();
    },
    end: async () => void (await writer.close(endMs, null)),
  };
}

/** An index that has all of a capture, at made-up places. */
export function indexOf(stored: StoredCapture): StreamIndex {
  const { fragments, init } = stored;
  const offsets = fragments.map((_fragment, index) => index * 10);
  const run = indexRun({ capture: stored, fragments, span: { startMs: 0, endMs: 0 } }, 0, offsets);
  return { inits: [init.bytes.toString('base64')], runs: [run] };
}

/** The addresses in a playlist, in order. */
export function urisIn(playlist: string): string[] {
  return playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
