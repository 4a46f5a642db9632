import type { LimitSource } from '../../../schema/limit-source.js';
import { KEPT_KINDS, type KeptKind } from '../../../schema/kept-kind.js';

/** How long, and how much, is kept. */
export interface Limits {
  /** What ended so many days ago goes; 0: never for its age. */
  days: number;
  /** Of one camera and kind; what is above it goes, the oldest first; 0: no limit. */
  maxBytes: number;
  /** What ended within so many days never goes to make room. */
  keepDays: number;
}

/** A policy says some of it, for one camera or all and for one kind or all; null: it says nothing about that. */
export type PolicyFields = { [F in keyof Limits]: number | null };

export interface Policy extends PolicyFields {
  /** Null: all cameras. */
  cameraId: string | null;
  /** Null: all kinds. */
  kind: KeptKind | null;
}

export interface EffectiveLimit {
  value: number;
  from: LimitSource;
}

/** Each value with whose word it is. */
export type EffectiveLimits = { [F in keyof Limits]: EffectiveLimit };

/** What holds where no policy says anything. */
export type SettingsLimits = (kind: KeptKind) => Limits;

/** What holds for one kind of a camera: of each field, the word of the most specific policy that says something about it. */
export function effectiveLimits(
  policies: readonly Policy[],
  { cameraId, kind }: { cameraId: string; kind: KeptKind },
  settings: Limits,
): EffectiveLimits {
  const ranked: [LimitSource, PolicyFields | undefined][] = [
    ['camera_kind', policies.find((policy) => policy.cameraId === cameraId && policy.kind === kind)],
    ['camera', policies.find((policy) => policy.cameraId === cameraId && policy.kind === null)],
    ['kind', policies.find((policy) => policy.cameraId === null && policy.kind === kind)],
    ['all', policies.find((policy) => policy.cameraId === null && policy.kind === null)],
    ['settings', settings],
  ];
  const find = (field: keyof Limits): EffectiveLimit => {
    const [from, said] = ranked.find(([, fields]) => (fields?.[field] ?? null) !== null)!;
    return { value: said![field]!, from };
  };
  return { days: find('days'), maxBytes: find('maxBytes'), keepDays: find('keepDays') };
}

/** The bare values of every kind of a camera. */
export function limitsOfCamera(
  policies: readonly Policy[],
  cameraId: string,
  settings: SettingsLimits,
): Record<KeptKind, Limits> {
  const entries = KEPT_KINDS.map((kind) => {
    const { days, maxBytes, keepDays } = effectiveLimits(policies, { cameraId, kind }, settings(kind));
    return [kind, { days: days.value, maxBytes: maxBytes.value, keepDays: keepDays.value }] as const;
  });
  return Object.fromEntries(entries) as Record<KeptKind, Limits>;
}

/** Other limits for once. */
export interface LimitChange extends Partial<Pick<Limits, 'days' | 'maxBytes'>> {
  /** Set: nothing but this kind is looked at. */
  kind?: KeptKind;
}

/** The limits of one run: floors stay, and kinds that are not asked for have no limit. */
export function changeLimits(
  limits: Record<KeptKind, Limits>,
  { kind: only, days, maxBytes }: LimitChange,
): Record<KeptKind, Limits> {
  const entries = KEPT_KINDS.map((kind) => {
    const { keepDays, ...own } = limits[kind];
    if (only !== undefined && kind !== only) return [kind, { days: 0, maxBytes: 0, keepDays }] as const;
    return [kind, { days: days ?? own.days, maxBytes: maxBytes ?? own.maxBytes, keepDays }] as const;
  });
  return Object.fromEntries(entries) as Record<KeptKind, Limits>;
}

/** Whether anything but a person ends its life. */
export function isLimited({ days, maxBytes }: Pick<Limits, 'days' | 'maxBytes'>): boolean {
  return days > 0 || maxBytes > 0;
}
