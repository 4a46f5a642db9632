import fc from 'fast-check';
import { KEPT_KINDS, type KeptKind } from '../../../../src/schema/kept-kind.js';
import type { KeptItem, Pin, PlanInput } from '../../../../src/modules/retention/domain/plan-victims.js';
import type { Limits } from '../../../../src/modules/retention/domain/policy.js';

export const DAY_MS = 86_400_000;
export const NOW_MS = Date.UTC(2026, 5, 1);

export const UNLIMITED: Limits = { days: 0, maxBytes: 0, keepDays: 0 };
export const noLimits = () => byKind(() => UNLIMITED);

export function byKind<T>(of: (kind: KeptKind) => T): Record<KeptKind, T> {
  return Object.fromEntries(KEPT_KINDS.map((kind) => [kind, of(kind)])) as Record<KeptKind, T>;
}

export const usedBy = (items: readonly KeptItem[]) =>
  byKind((kind) => bytesOf(items.filter((item) => item.kind === kind)));

export const bytesOf = (items: readonly Pick<KeptItem, 'sizeBytes'>[]) =>
  items.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);

/** Around now, also in the future: clocks are set. */
const instants = fc.integer({ min: NOW_MS - 60 * DAY_MS, max: NOW_MS + 2 * DAY_MS });
const lengths = fc.integer({ min: 1, max: DAY_MS });

export const items: fc.Arbitrary<KeptItem[]> = fc
  .array(
    fc.record({ kind: fc.constantFrom(...KEPT_KINDS), startMs: instants, lengthMs: lengths, sizeBytes: fc.nat(1_000) }),
    {
      maxLength: 40,
    },
  )
  .map((found) =>
    found.map(({ lengthMs, ...item }, index) => ({ ...item, id: String(index), endMs: item.startMs + lengthMs })),
  );

export const pins: fc.Arbitrary<Pin[]> = fc.array(
  fc
    .record({ startMs: instants, lengthMs: lengths, untilMs: fc.option(instants), playback: fc.option(fc.nat(39)) })
    .map(({ startMs, lengthMs, untilMs, playback }) => ({
      ...{ startMs, untilMs },
      endMs: startMs + lengthMs,
      playbackId: playback === null ? null : String(playback),
    })),
  { maxLength: 8 },
);

export const limits: fc.Arbitrary<Record<KeptKind, Limits>> = fc
  .array(fc.record({ days: fc.nat(40), maxBytes: fc.nat(4_000), keepDays: fc.nat(20) }), {
    minLength: KEPT_KINDS.length,
    maxLength: KEPT_KINDS.length,
  })
  .map((each) => byKind((kind) => each[KEPT_KINDS.indexOf(kind)]!));

export const wanted = fc.option(
  fc.record({
    bytes: fc.nat(8_000),
    cause: fc.constantFrom('quota' as const, 'disk' as const),
    kinds: fc.subarray([...KEPT_KINDS]),
  }),
  { nil: undefined },
);

export const inputs: fc.Arbitrary<PlanInput> = fc
  .record({ items, pins, limits, wanted })
  .map((input) => ({ ...input, usedBytes: usedBy(input.items), nowMs: NOW_MS }));
