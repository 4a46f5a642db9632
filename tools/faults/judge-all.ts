import { join } from 'node:path';
import { mkdir, rm } from 'node:fs/promises';
import type { LabCamera, LabCameras } from './cameras.js';
import { inspectObject } from './inspect.js';
import { judgeRecording } from './judge-recording.js';
import { type MadeRecording, wantedRange } from './recordings.js';
import type { SupervisedService } from './supervised-service.js';
import type { JudgedRecording } from './verdict.js';

/** Pictures around a range are in the object too, from the key frame before it on. */
const MARGIN_MS = 60_000;

/** The last kill may have come at the very end. */
const API_TIMEOUT_MS = 60_000;

interface Judging {
  service: SupervisedService;
  cameras: LabCameras;
  setups: readonly LabCamera[];
  dir: string;
}

/** Loads every object and compares it with what its camera says that it sent. */
export async function judgeAll(made: readonly MadeRecording[], judging: Judging): Promise<JudgedRecording[]> {
  const videos = join(judging.dir, 'videos');
  await mkdir(videos, { recursive: true });
  const judged: JudgedRecording[] = [];
  for (const recording of made) {
    const path = join(videos, `${recording.playbackId}.mp4`);
    const result = await judgeOne(recording, path, judging).catch((error: unknown): JudgedRecording => ({
      ...{ made: recording, range: null, object: null, judgement: null },
      error: error instanceof Error ? error.message : String(error),
    }));
    judged.push(result);
    if (result.error === null) await rm(path, { force: true });
  }
  return judged;
}

async function judgeOne(
  made: MadeRecording,
  path: string,
  { service, cameras, setups }: Judging,
): Promise<JudgedRecording> {
  const { playback, cameraIndex } = made;
  const nothing: JudgedRecording = { made, range: null, object: null, judgement: null, error: null };
  if (playback?.recordingStatus !== 'COMPLETED') return nothing;
  const range = wantedRange(playback, setups[cameraIndex]!);
  if (!range || playback.startedAt === null) return { ...nothing, error: 'the row does not say what it should hold' };
  const inspect = () => inspectObject(service.process.api, playback, path);
  const object = await service.insist(inspect, Date.now() + API_TIMEOUT_MS);
  const { fps, loopLength } = cameras.infos[cameraIndex]!;
  const { counters, shownAtMs } = object;
  if (counters.length !== shownAtMs.length)
    return { ...nothing, range, object, error: `${counters.length} pictures decoded, ${shownAtMs.length} in the file` };
  const startedAtMs = Date.parse(playback.startedAt);
  const judgement = judgeRecording({
    ...{ range, fps, loopLength, counters },
    sent: await cameras.sent(cameraIndex, { fromMs: range.startMs - MARGIN_MS, toMs: range.endMs + MARGIN_MS }),
    claimedAtMs: shownAtMs.map((shown) => startedAtMs + shown),
    ledger: {
      expectedMs: playback.completeness.expectedMs ?? 0,
      storedMs: playback.completeness.storedMs ?? 0,
      gaps: playback.completeness.gaps.map(({ startAt, endAt }) => ({
        startMs: Date.parse(startAt),
        endMs: Date.parse(endAt),
      })),
    },
  });
  return { made, range, object, judgement, error: null };
}
