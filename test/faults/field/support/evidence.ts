import type { PlaybackResponse } from '@hindsight/client';
import { heardRanges, judgeFrames, type VirtualCamera } from '@hindsight/virtual-camera';

/** The service knows when a picture was taken by its arrival: what was taken so shortly before the end may come after it. */
export const LATENESS_MS = 300;

/** The frames of a file, by their numbers since the camera's start. */
export interface FramesOf {
  stored: Set<number>;
  duplicated: number;
  unreadable: number;
  /** In the file, and never sent. */
  unexpected: number;
}

/** What a video says of its time may be off by so much: more, and it is another moment's. */
const CLAIM_TOLERANCE_MS = 3_000;

/** When a video's pictures were taken, by its row. */
export function claimOf({ startedAt, durationMs }: PlaybackResponse): Range {
  const startMs = Date.parse(startedAt!);
  return { startMs: startMs - CLAIM_TOLERANCE_MS, endMs: startMs + durationMs! + CLAIM_TOLERANCE_MS };
}

/**
 * Which frames of a stream a file holds, by the counter in its pictures and by what the camera has sent.
 * @param range when they were taken; null: at any time
 */
export function framesOf(
  counters: readonly number[],
  camera: VirtualCamera,
  stream: string,
  range: Range | null,
): FramesOf {
  // Of what was under way when a session ended, the client may have heard some.
  const { sessions } = range ? camera.sent({ fromMs: range.startMs, toMs: range.endMs }) : camera.sent();
  const sent = sessions.flatMap((session) => (session.stream === stream ? session.ranges : []));
  const { lost, duplicated, unreadable, unexpected } = judgeFrames(counters, sent, { loopLength: camera.loopLength });
  const isLost = new Set(lost.ranges.flatMap(numbersIn));
  const whole = sent.filter(({ damaged }) => !damaged).flatMap(numbersIn);
  return {
    stored: new Set(whole.filter((frame) => !isLost.has(frame))),
    ...{ duplicated: duplicated.frames, unreadable: unreadable.frames, unexpected: unexpected.frames },
  };
}

/** Whole frames that went to a stream's clients and were taken in a range. */
export function sentIn(camera: VirtualCamera, stream: string, { startMs, endMs }: Range): number[] {
  const sent = heardRanges(camera.sent({ fromMs: startMs, toMs: endMs }), stream);
  return [...new Set(sent.filter(({ damaged }) => !damaged).flatMap(numbersIn))];
}

export interface Range {
  startMs: number;
  endMs: number;
}

/** The event's time with its pre-roll, by the service. */
export function rangeOf({ event, completeness }: PlaybackResponse, preRollSec: number): Range {
  const startMs = Date.parse(event!.occurredAt) - preRollSec * 1_000;
  return { startMs, endMs: startMs + (completeness.expectedMs ?? 0) };
}

/** When a frame was taken. */
export function takenAtMs(camera: VirtualCamera, frame: number): number {
  return camera.frameTakenAtMs(frame, 0);
}

/** By how much the camera on a busy machine was late with a frame, at most. */
export function lateMs(camera: VirtualCamera): number {
  return Math.max(0, ...camera.sent().sessions.flatMap(({ ranges }) => ranges.map(({ maxLateMs }) => maxLateMs)));
}

function numbersIn({ firstFrame, lastFrame }: { firstFrame: number; lastFrame: number }): number[] {
  return Array.from({ length: Math.max(0, lastFrame - firstFrame + 1) }, (_, index) => firstFrame + index);
}
