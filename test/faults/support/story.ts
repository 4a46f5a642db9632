import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlaybackResponse } from '@hindsight/client';
import { startVirtualCamera, type VirtualCamera, type VirtualCameraOptions } from '@hindsight/virtual-camera';
import { expect } from '@jest/globals';
import { type InspectedObject, inspectObject } from '../../../tools/faults/inspect.js';
import { judgeRecording, type RecordingJudgement } from '../../../tools/faults/judge-recording.js';
import {
  addCamera,
  endEvent,
  ODD_PASSWORD,
  trigger,
  type TriggeredEvent,
  waitUntilCompleted,
} from '../../e2e/support/recording.js';
import type { TestService } from '../../e2e/support/test-service.js';
import { secret } from '../../support/secrets.js';

/** As FRAGMENT_MS is when nobody sets it. */
export const FRAGMENT_MS = 1_000;
/** Frames in flight: in the socket, in FFmpeg's queues, and B-frames that wait for the picture after them. */
const IN_FLIGHT_FRAMES = 5;
/** Captures are put together by the computer's clock, on a busy machine. */
const TIMELINE_TOLERANCE_MS = 600;
/** How much of the camera is heard before and after a disturbance. */
const HEARD_SEC = 2;
const HEARD_TIMEOUT_MS = 60_000;

/** What a recording became, and what an independent look at it says. */
export interface Story {
  camera: VirtualCamera;
  event: TriggeredEvent;
  playback: PlaybackResponse;
  object: InspectedObject;
  judgement: RecordingJudgement;
}

/** Cameras that are stopped together at the end of a file. */
export class Cast {
  private readonly cameras: VirtualCamera[] = [];

  async camera(options: VirtualCameraOptions = {}): Promise<VirtualCamera> {
    const login = { username: 'admin', password: secret(`${ODD_PASSWORD}-faults`) };
    const camera = await startVirtualCamera({ gopSec: 1, ...login, ...options });
    this.cameras.push(camera);
    return camera;
  }

  async leave(): Promise<void> {
    await Promise.all(this.cameras.map((camera) => camera.stop()));
  }
}

/** The settings of a camera that is found by ONVIF. */
export function byOnvif({ onvifHost, onvifPort, onvifUsername, onvifPassword }: VirtualCamera) {
  const onvif = { host: onvifHost, port: onvifPort, username: onvifUsername, password: onvifPassword };
  return { onvif, rtspUrl: undefined, username: undefined, password: undefined };
}

/** Resolves when the camera has sent so much more to one client. */
export async function hears(camera: VirtualCamera, sec: number): Promise<void> {
  const before = camera.stats().framesSent;
  const deadlineMs = Date.now() + HEARD_TIMEOUT_MS;
  while (camera.stats().framesSent < before + sec * camera.fps) {
    if (Date.now() > deadlineMs) throw new Error(`nobody listens to the camera: ${JSON.stringify(camera.stats())}`);
    await delay(20);
  }
}

export interface Telling {
  /** Settings of the camera in the service. */
  settings?: Record<string, unknown>;
  /** What happens during the event, after two seconds of footage. */
  disturb?: (camera: VirtualCamera, event: TriggeredEvent) => Promise<void>;
  /** What happens between the disturbance and the end of the event. Default: two more seconds are heard. */
  recover?: (camera: VirtualCamera) => Promise<void>;
}

/** One event from its trigger to the stored and judged object. */
export async function tell(service: TestService, camera: VirtualCamera, telling: Telling = {}): Promise<Story> {
  const { settings = {}, disturb, recover = (each) => hears(each, HEARD_SEC) } = telling;
  const cameraId = await addCamera(service, camera, settings);
  const event = await trigger(service, cameraId);
  await hears(camera, HEARD_SEC);
  await disturb?.(camera, event);
  await recover(camera);
  await endEvent(service, event.id);
  const playback = await waitUntilCompleted(service, event.playbackId, 60_000);
  return { camera, event, playback, ...(await judge(service, camera, playback, settings['preRollSec'])) };
}

/** Compares an object with what its camera sent. */
export async function judge(
  service: TestService,
  camera: VirtualCamera,
  playback: PlaybackResponse,
  preRollSec: unknown = 0,
): Promise<Pick<Story, 'object' | 'judgement'>> {
  const path = join(tmpdir(), `story-${playback.id}.mp4`);
  const object = await inspectObject(service.api, playback, path);
  await rm(path);
  const { expectedMs, storedMs, gaps } = playback.completeness;
  const startMs = Date.parse(playback.event!.occurredAt) - Number(preRollSec ?? 0) * 1_000;
  const startedAtMs = Date.parse(playback.startedAt!);
  const judgement = judgeRecording({
    range: { startMs, endMs: startMs + expectedMs! },
    ...{ sent: camera.sent(), fps: camera.fps, loopLength: camera.loopLength, counters: object.counters },
    claimedAtMs: object.shownAtMs.map((shown) => startedAtMs + shown),
    ledger: {
      ...{ expectedMs: expectedMs!, storedMs: storedMs! },
      gaps: gaps.map(({ startAt, endAt }) => ({ startMs: Date.parse(startAt), endMs: Date.parse(endAt) })),
    },
  });
  return { object, judgement };
}

/** Everything that holds for any object, whatever happened to its recording; what FFmpeg says is left to the caller. */
export function expectAccounted({ playback, object, judgement, camera }: Story): void {
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
  expect(object.differences).toEqual([]);
  const { unaccountedMs, overstatedMs, imbalanceMs, misplaced, clock, missing, lost } = judgement;
  // Not compared, but shown when something is wrong.
  const seen = JSON.stringify({ missing, lost, clock, gaps: playback.completeness.gaps });
  const nothing = { unaccountedMs: 0, overstatedMs: 0, imbalanceMs: 0, misplaced: 0 };
  expect({ unaccountedMs, overstatedMs, imbalanceMs, misplaced, seen }).toEqual({ ...nothing, seen });
  // The frame behind a gap stands where the clock had it, give or take how late the camera itself was.
  const lateMs = sentLateMs(camera);
  const isRight = clock.mostMs - clock.leastMs < TIMELINE_TOLERANCE_MS + lateMs;
  const where = JSON.stringify({ bends: judgement.bends, missing, clock, lateMs });
  expect({ isRight, where }).toEqual({ isRight: true, where });
}

/** By how much a camera on a busy machine was late with a frame, at most. */
function sentLateMs(camera: VirtualCamera): number {
  return Math.max(0, ...camera.sent().sessions.flatMap(({ ranges }) => ranges.map(({ maxLateMs }) => maxLateMs)));
}

/** The gaps but for the wait for a cold camera's first picture. */
export function gapsOf({ playback }: Pick<Story, 'playback'>): PlaybackResponse['completeness']['gaps'] {
  return playback.completeness.gaps.filter(({ startAt }) => startAt !== playback.event?.occurredAt);
}

/** Frames that running captures had heard and that are not stored: of each interruption at most a fragment. */
export function expectLostAtMost({ judgement, camera }: Story, interruptions: number): void {
  const lost = judgement.lost.filter(({ opening }) => !opening);
  const frames = lost.reduce((sum, each) => sum + each.frames, 0);
  const allowed = interruptions * ((FRAGMENT_MS * camera.fps) / 1_000 + IN_FLIGHT_FRAMES);
  expect({ lost, tooMany: frames > allowed }).toEqual({ lost, tooMany: false });
}

/** The camera's outage became one gap in the middle of one playable object, with footage on both sides. */
export function expectOneGap(story: Story, cause: RegExp): void {
  expectAccounted(story);
  expect(story.object.noise).toBe('');
  expect(gapsOf(story)).toEqual([expect.objectContaining({ cause: expect.stringMatching(cause) })]);
  expectLostAtMost(story, 1);
}
