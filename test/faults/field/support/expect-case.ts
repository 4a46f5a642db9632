import type { PlaybackResponse } from '@hindsight/client';
import { expect } from '@jest/globals';
import { rangesOf } from '../../../../tools/faults/spans.js';
import { BARE_STREAM, type Expected } from './field-case.js';
import { LATENESS_MS, lateMs, rangeOf, sentIn, takenAtMs } from './evidence.js';
import type { Outcome } from './run-case.js';

/** The ledger goes by the arrival of a picture, and sums whole fragments. */
const LEDGER_TOLERANCE_MS = 600;

type Video = NonNullable<Outcome['video']>;

/** Everything that must be true of a case, one finding after the other. */
export function expectCase(outcome: Outcome, expected: Expected): void {
  if (expected.failure) return expectFailure(outcome.playback, expected.failure);
  const { playback } = outcome;
  expect({ status: playback.recordingStatus, failure: playback.failure }).toEqual({
    status: 'COMPLETED',
    failure: null,
  });
  const video = outcome.video!;
  expect(video.object.differences).toEqual([]);
  expectTracks(video, expected);
  const { assembly = playback.assembly, resolution = playback.resolution } = expected;
  expect(playback).toMatchObject({ assembly, resolution });
  expect(video.object.noise).toBe('');
  if (!expected.severalSessions) expectOneSession(outcome);
  expectComplete(outcome, video, expected);
  expectLedger(outcome, video);
}

function expectFailure({ failure, completeness }: PlaybackResponse, expected: NonNullable<Expected['failure']>): void {
  expect(failure).toMatchObject({ code: expected.code, message: expect.stringMatching(expected.message) });
  expect(completeness.gaps.map(({ cause }) => cause)).toContain(expected.cause);
}

function expectTracks({ streams }: Video, { codec = 'h264', sound = false }: Expected): void {
  const pictures = streams.filter(({ codec_type }) => codec_type === 'video');
  expect(pictures.map(({ codec_name }) => codec_name)).toEqual([codec]);
  const sounds = streams.filter(({ codec_type }) => codec_type === 'audio');
  if (sound !== 'maybe') expect(sounds.map(({ codec_name }) => codec_name)).toEqual(sound ? ['aac'] : []);
}

/** Nobody has ended a session that was alive: a warm camera's goes on after the event. */
function expectOneSession({ camera, preRollSec }: Outcome): void {
  const sessions = camera.stats().sessions.filter(({ stream }) => stream === 'main');
  expect(sessions).toEqual([expect.objectContaining({ closedBy: preRollSec > 0 ? 'camera' : 'client' })]);
}

/** Of what the camera sent to the product nothing is missing, and nothing that FFmpeg alone has. */
function expectComplete(
  { camera, playback, preRollSec, bare }: Outcome,
  { frames }: Video,
  { severalSessions }: Expected,
): void {
  const { stored, ...faults } = frames;
  expect(faults).toEqual({ duplicated: 0, unreadable: 0, unexpected: 0 });
  expect(stored.size).toBeGreaterThan(0);
  const range = rangeOf(playback, preRollSec);
  // What had to be tried first gave nothing.
  const openings = camera.stats().sessions.filter(({ stream }) => stream === 'main');
  const triedMs = severalSessions ? openings.at(-1)!.openedAt.getTime() : -Infinity;
  const heard = { startMs: Math.max(range.startMs, triedMs), endMs: range.endMs - LATENESS_MS - lateMs(camera) };
  const wanted = sentIn(camera, 'main', heard);
  const begin = Math.min(...wanted);
  const bareWanted = sentIn(camera, BARE_STREAM, heard).filter((frame) => frame >= begin && bare?.stored.has(frame));
  const missing = (numbers: readonly number[]) => rangesOf(numbers.filter((frame) => !stored.has(frame)));
  const counts = { stored: [Math.min(...stored), Math.max(...stored)], wanted: [begin, Math.max(...wanted)] };
  expect({ ...counts, missing: missing(wanted), missingBesideBare: missing(bareWanted) }).toEqual({
    ...counts,
    ...{ missing: [], missingBesideBare: [] },
  });
}

/** The ledger says what is there and what is not, and invents no gap: the camera never paused. */
function expectLedger({ camera, playback, preRollSec }: Outcome, { frames: { stored } }: Video): void {
  const { expectedMs, storedMs, gaps } = playback.completeness;
  const range = rangeOf(playback, preRollSec);
  const lengths = gaps.map(({ startAt, endAt }) => Date.parse(endAt) - Date.parse(startAt));
  expect(expectedMs).toBe(storedMs! + lengths.reduce((sum, length) => sum + length, 0));
  const firstAtMs = takenAtMs(camera, Math.min(...stored));
  const toleranceMs = LEDGER_TOLERANCE_MS + lateMs(camera) + 1_000 / camera.fps;
  // Before the first picture a camera may be starting, waiting for a key frame, or sending sound alone.
  const behindIt = gaps.filter(({ endAt }) => Date.parse(endAt) > firstAtMs + toleranceMs);
  expect(behindIt).toEqual([]);
  const missingMs = Math.max(0, firstAtMs - range.startMs);
  const saidMs = lengths.reduce((sum, length) => sum + length, 0);
  const isTrue = Math.abs(missingMs - saidMs) < toleranceMs;
  expect({ isTrue, missingMs, saidMs }).toEqual({ isTrue: true, missingMs, saidMs });
}
