import { KEPT_KINDS, type KeptKind } from '../../../schema/kept-kind.js';
import type { Limits } from './policy.js';

const DAY_MS = 86_400_000;

/** One thing of a camera that is kept, and goes whole: a footage segment, or a playback. */
export interface KeptItem {
  kind: KeptKind;
  /** Tells it from all others of the camera. */
  id: string;
  /** Milliseconds since the epoch; half-open. */
  startMs: number;
  endMs: number;
  sizeBytes: number;
}

/** What may not go. */
export interface Pin {
  /** Of footage; half-open. */
  startMs: number;
  endMs: number;
  /** Set: it holds this playback, and no footage. */
  playbackId: string | null;
  /** It holds until then; null: until somebody takes it off. */
  untilMs: number | null;
}

/** Bytes that must come free beyond what the limits of the camera ask for. */
export interface WantedBytes {
  bytes: number;
  cause: 'quota' | 'disk';
  /** Where they may come from. */
  kinds: readonly KeptKind[];
}

export interface PlanInput {
  /** Of one camera. Where the limits want bytes: at least its oldest that are not held. */
  items: readonly KeptItem[];
  pins: readonly Pin[];
  limits: Record<KeptKind, Limits>;
  /** All bytes of the camera, by kind. */
  usedBytes: Readonly<Record<KeptKind, number>>;
  wanted?: WantedBytes | undefined;
  nowMs: number;
}

export interface Victim {
  item: KeptItem;
  cause: 'retention' | 'quota' | 'disk';
}

export interface Plan {
  victims: Victim[];
  /** What would have gone but for a pin. */
  held: KeptItem[];
  /** Bytes that were asked for and could not be found. */
  shortBytes: number;
}

/**
 * What of a camera goes now: what is too old, then the oldest of each kind that has too many bytes, then the oldest of what may go to make
 * room, kind by kind. Never what a pin holds. What must go for its bytes alone is older than `keepDays`.
 */
export function planVictims(input: PlanInput): Plan {
  const plan = new Draft(input);
  for (const item of plan.oldestFirst) if (isTooOld(item, input)) plan.take(item, 'retention');
  let shortBytes = 0;
  for (const kind of KEPT_KINDS) {
    const { maxBytes } = input.limits[kind];
    const excess = input.usedBytes[kind] - plan.freedBytes([kind]) - maxBytes;
    if (maxBytes > 0 && excess > 0) shortBytes += plan.free(kind, excess, 'quota');
  }
  shortBytes += freeWanted(plan, input.wanted);
  return { ...plan.result, shortBytes };
}

/** @returns the bytes that could not be found */
function freeWanted(plan: Draft, wanted: WantedBytes | undefined): number {
  if (!wanted) return 0;
  let missing = wanted.bytes - plan.freedBytes(wanted.kinds);
  for (const kind of KEPT_KINDS) {
    if (missing > 0 && wanted.kinds.includes(kind)) missing = plan.free(kind, missing, wanted.cause);
  }
  return Math.max(0, missing);
}

/** Whether a pin keeps it. A pin of footage holds every segment that it touches. */
export function isHeld(item: KeptItem, pins: readonly Pin[], nowMs: number): boolean {
  return pins.some((pin) => {
    if (pin.untilMs !== null && pin.untilMs <= nowMs) return false;
    if (pin.playbackId !== null) return pin.playbackId === item.id;
    return item.kind === 'continuous' && item.startMs < pin.endMs && item.endMs > pin.startMs;
  });
}

/** What of this kind ended later may not go for its bytes. */
export function floorMs({ keepDays }: Pick<Limits, 'keepDays'>, nowMs: number): number {
  return nowMs - keepDays * DAY_MS;
}

/** What of this kind ended later is not too old; null: nothing ever is. */
export function cutoffMs({ days, keepDays }: Limits, nowMs: number): number | null {
  return days > 0 ? nowMs - Math.max(days, keepDays) * DAY_MS : null;
}

function isTooOld({ kind, endMs }: KeptItem, { limits, nowMs }: PlanInput): boolean {
  const cutoff = cutoffMs(limits[kind], nowMs);
  return cutoff !== null && endMs <= cutoff;
}

/** A plan while it is made. */
class Draft {
  readonly oldestFirst: readonly KeptItem[];
  private readonly causes = new Map<KeptItem, Victim['cause']>();
  private readonly held = new Set<KeptItem>();

  constructor(private readonly input: PlanInput) {
    this.oldestFirst = [...input.items].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  }

  get result(): Pick<Plan, 'victims' | 'held'> {
    return { victims: [...this.causes].map(([item, cause]) => ({ item, cause })), held: [...this.held] };
  }

  take(item: KeptItem, cause: Victim['cause']): void {
    if (isHeld(item, this.input.pins, this.input.nowMs)) this.held.add(item);
    else this.causes.set(item, cause);
  }

  freedBytes(kinds: readonly KeptKind[]): number {
    return sum([...this.causes.keys()].filter(({ kind }) => kinds.includes(kind)));
  }

  /** Takes the oldest of a kind. @returns the bytes that could not be found */
  free(kind: KeptKind, bytes: number, cause: Victim['cause']): number {
    const before = floorMs(this.input.limits[kind], this.input.nowMs);
    let missing = bytes;
    for (const item of this.oldestFirst) {
      if (missing <= 0) break;
      if (item.kind !== kind || item.sizeBytes === 0 || item.endMs > before || this.causes.has(item)) continue;
      this.take(item, cause);
      if (this.causes.has(item)) missing -= item.sizeBytes;
    }
    return Math.max(0, missing);
  }
}

function sum(items: readonly KeptItem[]): number {
  return items.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
}
