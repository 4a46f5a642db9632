import type { PerformedKill } from './killer.js';
import type { FrameSpan, LostFrames } from './judge-recording.js';
import { distanceMs, type Span } from './spans.js';

/** A loss lies around its kill: a fragment before it, or what a dying FFmpeg still heard after it. */
const REACH_MS = 2_500;
/** A capture that was hit is missed from here on at the latest. */
const NOTICED_MS = 2_500;

/** What one camera has lost and when it was missing, over all its recordings. */
export interface CameraLosses {
  cameraIndex: number;
  /** Ranges of the camera's recordings. */
  wanted: readonly Span[];
  missing: readonly FrameSpan[];
  lost: readonly LostFrames[];
  fps: number;
}

/** What a kill cost one camera that was being recorded. */
export interface KillCost {
  kill: PerformedKill;
  cameraIndex: number;
  /** Frames that the camera had sent to a running capture. */
  lostMs: number;
  /** From the kill until footage goes on; null: nothing was missing after it, or the recording ended first. */
  reconnectMs: number | null;
  lost: LostFrames[];
}

export interface Charges {
  costs: KillCost[];
  /** Lost with no kill near. */
  unexplained: LostFrames[];
  /** Heard by captures that were ended before they had given anything: a part of the reconnect time. */
  openingMs: number;
}

/** Charges each loss of a camera to the kill that is nearest to it. */
export function chargeKills(kills: readonly PerformedKill[], losses: CameraLosses): Charges {
  const { cameraIndex, wanted, fps } = losses;
  const suspects = kills.filter(({ cameraIndexes, pids }) => pids.length > 0 && cameraIndexes.includes(cameraIndex));
  const lost = mergeLost(losses.lost.filter(({ opening }) => !opening));
  const charged = new Map<PerformedKill, LostFrames[]>();
  const unexplained: LostFrames[] = [];
  for (const each of lost) {
    const kill = nearest(suspects, each);
    if (kill) charged.set(kill, [...(charged.get(kill) ?? []), each]);
    else unexplained.push(each);
  }
  const isWanted = ({ atMs }: PerformedKill) => wanted.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
  const costs = suspects
    .filter((kill) => charged.has(kill) || isWanted(kill))
    .map((kill): KillCost => {
      const own = charged.get(kill) ?? [];
      const lostMs = (sumFrames(own) * 1_000) / fps;
      return { kill, cameraIndex, lostMs, lost: own, reconnectMs: findReconnect(kill, losses) };
    });
  const opening = mergeLost(losses.lost.filter((each) => each.opening));
  return { costs, unexplained, openingMs: (sumFrames(opening) * 1_000) / fps };
}

function nearest(kills: readonly PerformedKill[], lost: Span): PerformedKill | undefined {
  const near = kills
    .map((kill) => ({ kill, far: distanceMs({ startMs: kill.atMs, endMs: kill.atMs }, lost) }))
    .filter(({ far }) => far <= REACH_MS);
  return near.sort((a, b) => a.far - b.far)[0]?.kill;
}

function findReconnect({ atMs }: PerformedKill, { missing, wanted }: CameraLosses): number | null {
  const hole = missing.find(({ startMs, endMs }) => startMs <= atMs + NOTICED_MS && endMs > atMs);
  if (!hole) return null;
  const goesOn = wanted.some(({ startMs, endMs }) => startMs <= hole.startMs && hole.endMs + 1_000 / 5 < endMs);
  return goesOn ? hole.endMs - atMs : null;
}

/** Recordings that overlap lose the same frames: they count once. */
function mergeLost(lost: readonly LostFrames[]): LostFrames[] {
  const merged: LostFrames[] = [];
  for (const each of [...lost].sort((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (!last || each.first > last.end) {
      merged.push({ ...each });
    } else if (each.end > last.end) {
      Object.assign(last, { end: each.end, endMs: each.endMs, frames: each.end - last.first });
    }
  }
  return merged;
}

function sumFrames(lost: readonly LostFrames[]): number {
  return lost.reduce((sum, { frames }) => sum + frames, 0);
}
