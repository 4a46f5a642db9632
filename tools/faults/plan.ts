import { SeededRandom } from './random.js';

export const KILL_KINDS = ['ffmpeg', 'service', 'both', 'database', 'drain'] as const;
/**
 * `ffmpeg`: SIGKILL for one capture; `service`: SIGKILL for the service; `both`: for it and all its captures at once;
 * `database`: SIGKILL for the postmaster; `drain`: SIGTERM for the service. What ends is started again at once.
 */
export type KillKind = (typeof KILL_KINDS)[number];

export interface PlannedKill {
  index: number;
  /** Since the campaign's start. */
  atMs: number;
  kind: KillKind;
  /** Which of those that run at that moment, from 0 to below 1. */
  pick: number;
}

export interface PlannedRecording {
  index: number;
  cameraIndex: number;
  atMs: number;
  lengthMs: number;
}

export interface CampaignPlan {
  durationMs: number;
  kills: PlannedKill[];
  recordings: PlannedRecording[];
}

export interface PlanOptions {
  seed: number;
  kills: number;
  recordings: number;
  cameras: number;
  kinds: readonly KillKind[];
  /** Mean distance of two kills. */
  killEveryMs: number;
}

/** How often each kind comes in a row of kills; the order is drawn. */
const MIX: readonly KillKind[] = ['ffmpeg', 'service', 'database', 'both', 'drain', 'ffmpeg', 'service', 'ffmpeg'];
const SHORTEST_MS = 5_000;
const LONGEST_MS = 20_000;
/** The cameras are watched for so long before the first kill. */
const QUIET_MS = 3_000;

/** Kills and recordings of a campaign: the same options give the same plan. */
export function planCampaign(options: PlanOptions): CampaignPlan {
  const { seed, kills, recordings, cameras, kinds, killEveryMs } = options;
  const random = new SeededRandom(seed);
  const durationMs = QUIET_MS + Math.max(kills * killEveryMs, LONGEST_MS);
  const mix = MIX.filter((kind) => kinds.includes(kind));
  const dealt = random.shuffle(Array.from({ length: kills }, (_, index) => mix[index % mix.length]!));
  const moments = sorted(dealt.map(() => random.between(QUIET_MS, durationMs)));
  const lengths = Array.from({ length: recordings }, () => random.between(SHORTEST_MS, LONGEST_MS));
  const cameraIndexes = random.shuffle(lengths.map((_, index) => index % cameras));
  const starts = lengths.map((lengthMs) => random.between(0, durationMs - lengthMs));
  return {
    durationMs,
    kills: dealt.map((kind, index) => ({ index, atMs: moments[index]!, kind, pick: random.next() })),
    recordings: lengths
      .map((lengthMs, index) => ({ lengthMs, cameraIndex: cameraIndexes[index]!, atMs: starts[index]! }))
      .sort((a, b) => a.atMs - b.atMs)
      .map((recording, index) => ({ index, ...recording })),
  };
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}
