import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlaybackResponse } from '@hindsight/client';
import { readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { type InspectedObject, inspectObject } from '../../../../tools/faults/inspect.js';
import { type ProbedStream, probeFile } from '../../../e2e/support/media.js';
import { addCamera, endEvent, trigger, waitUntilFinal } from '../../../e2e/support/recording.js';
import type { TestService } from '../../../e2e/support/test-service.js';
import { byOnvif } from '../../support/story.js';
import { BareFfmpeg } from './bare-ffmpeg.js';
import { BARE_STREAM, type FieldCase } from './field-case.js';
import { claimOf, type FramesOf, framesOf } from './evidence.js';

const PRE_ROLL_SEC = 5;
const EVENT_SEC = 8;
const FINAL_TIMEOUT_MS = 60_000;

/** What became of a case: the product's recording, and that of FFmpeg alone at the same time. */
export interface Outcome {
  camera: VirtualCamera;
  preRollSec: number;
  playback: PlaybackResponse;
  /** Null when the recording failed. */
  video: { object: InspectedObject; streams: ProbedStream[]; frames: FramesOf } | null;
  /** Null when FFmpeg alone has stored nothing. */
  bare: FramesOf | null;
}

/** One event on one camera, from its start to the stored object. */
export async function runCase(service: TestService, fieldCase: FieldCase): Promise<Outcome> {
  const camera = await startVirtualCamera(fieldCase.camera);
  const directory = await mkdtemp(join(tmpdir(), 'field-'));
  try {
    return await record(service, camera, fieldCase, directory);
  } finally {
    await camera.stop();
    await rm(directory, { recursive: true });
  }
}

async function record(
  service: TestService,
  camera: VirtualCamera,
  fieldCase: FieldCase,
  directory: string,
): Promise<Outcome> {
  const { warmSec = 0, eventSec = EVENT_SEC, settings = {} } = fieldCase;
  const preRollSec = warmSec > 0 ? PRE_ROLL_SEC : 0;
  const told = { preRollSec, ...addressOf(camera, fieldCase), ...settings };
  const cameraId = await addCamera(service, camera, told);
  await delay(warmSec * 1_000);
  // Matroska refuses the first packet of a stream with B-frames.
  const file = join(directory, fieldCase.camera.video?.bFrames ? 'bare.mp4' : 'bare.mkv');
  const bare = new BareFfmpeg(bareUrl(camera), file);
  const event = await trigger(service, cameraId);
  await delay(eventSec * 1_000);
  await endEvent(service, event.id);
  const hasBare = await bare.end();
  const playback = await waitUntilFinal(service, event.playbackId, FINAL_TIMEOUT_MS);
  return {
    ...{ camera, preRollSec, playback },
    video: playback.recordingStatus === 'COMPLETED' ? await look(service, camera, playback, directory) : null,
    bare: hasBare ? framesOf(await countersOf(file), camera, BARE_STREAM, null) : null,
  };
}

function addressOf(camera: VirtualCamera, { by }: FieldCase): Record<string, unknown> {
  if (by === 'onvif') return byOnvif(camera);
  if (by === undefined) return {};
  return { rtspUrl: camera.rtspUrlWithCredentials, username: undefined, password: undefined };
}

function bareUrl(camera: VirtualCamera): string {
  return camera.rtspUrlWithCredentials.replace(/main$/, BARE_STREAM);
}

async function look(service: TestService, camera: VirtualCamera, playback: PlaybackResponse, directory: string) {
  const path = join(directory, 'video.mp4');
  const object = await inspectObject(service.api, playback, path);
  const { streams } = await probeFile(path);
  return { object, streams, frames: framesOf(object.counters, camera, 'main', claimOf(playback)) };
}

/** A file without pictures has none. */
function countersOf(file: string): Promise<number[]> {
  return readFrameCounters(file).catch(() => []);
}
