import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { KeptKind } from '../../../../src/schema/kept-kind.js';
import {
  floorMs,
  isHeld,
  type KeptItem,
  type Pin,
  planVictims,
} from '../../../../src/modules/retention/domain/plan-victims.js';
import type { Limits } from '../../../../src/modules/retention/domain/policy.js';
import { bytesOf, byKind, DAY_MS, NOW_MS, UNLIMITED, usedBy } from './keeping-arbitraries.js';

const STEP_MS = DAY_MS / 4;
const STEPS = 10 * 365 * 4;
const SEGMENT_BYTES = 100;

/** What happens to a camera at some step, beside that it records. */
type Happening =
  | { is: 'limits'; kind: KeptKind; limits: Limits }
  | { is: 'lock'; fromStepsAgo: number; steps: number; untilSteps: number | null }
  | { is: 'unlock' }
  | { is: 'clock'; byMs: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    is: fc.constant('limits' as const),
    kind: fc.constantFrom<KeptKind>('continuous', 'event'),
    // Some limit always holds, as the service demands of continuous footage.
    limits: fc.record({
      days: fc.integer({ min: 1, max: 60 }),
      maxBytes: fc.oneof(fc.constant(0), fc.integer({ min: 500, max: 12_000 })),
      keepDays: fc.nat(10),
    }),
  }),
  fc.record({
    is: fc.constant('lock' as const),
    fromStepsAgo: fc.nat(200),
    steps: fc.integer({ min: 1, max: 100 }),
    untilSteps: fc.option(fc.integer({ min: 1, max: 400 })),
  }),
  fc.record({ is: fc.constant('unlock' as const) }),
  fc.record({ is: fc.constant('clock' as const), byMs: fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }) }),
);

/** A camera that records on and on, with an event each day. */
class Archive {
  items: KeptItem[] = [];
  pins: Pin[] = [];
  limits = byKind(() => ({ ...UNLIMITED, days: 7 }));
  nowMs = NOW_MS;
  /** As the database counts them: with each row that comes or goes. */
  usedBytes = byKind(() => 0);
  private made = 0;

  happen(what: Happening): void {
    if (what.is === 'limits') this.limits = { ...this.limits, [what.kind]: what.limits };
    else if (what.is === 'clock') this.nowMs += what.byMs;
    else if (what.is === 'unlock') this.pins.shift();
    else {
      const startMs = this.nowMs - what.fromStepsAgo * STEP_MS;
      const untilMs = what.untilSteps === null ? null : this.nowMs + what.untilSteps * STEP_MS;
      this.pins.push({ startMs, endMs: startMs + what.steps * STEP_MS, untilMs, playbackId: null });
    }
  }

  record(): void {
    this.add({ kind: 'continuous', sizeBytes: SEGMENT_BYTES });
    if (this.made % 5 === 0) this.add({ kind: 'event', sizeBytes: 37 });
    this.nowMs += STEP_MS;
  }

  private add({ kind, sizeBytes }: Pick<KeptItem, 'kind' | 'sizeBytes'>): void {
    this.made += 1;
    this.items.push({ kind, sizeBytes, id: String(this.made), startMs: this.nowMs, endMs: this.nowMs + STEP_MS });
    this.usedBytes[kind] += sizeBytes;
  }

  /** @returns what went */
  clean(): KeptItem[] {
    const { victims } = planVictims({ ...this, usedBytes: this.usedBytes });
    const gone = new Set(victims.map(({ item }) => item));
    for (const { kind, sizeBytes } of gone) this.usedBytes[kind] -= sizeBytes;
    this.items = this.items.filter((item) => !gone.has(item));
    return [...gone];
  }

  /** What of a kind may not go now. */
  protectedBytes(kind: KeptKind): number {
    const mine = this.items.filter((item) => item.kind === kind);
    return bytesOf(
      mine.filter((item) => item.endMs > floorMs(this.limits[kind], this.nowMs) || isHeld(item, this.pins, this.nowMs)),
    );
  }
}

function check(archive: Archive, gone: readonly KeptItem[]): void {
  const { limits, pins, nowMs, items, usedBytes } = archive;
  const wronged = gone.filter((item) => isHeld(item, pins, nowMs) || item.endMs > floorMs(limits[item.kind], nowMs));
  if (wronged.length > 0) throw new Error(`went and may not: ${JSON.stringify(wronged)}`);
  if (JSON.stringify(usedBytes) !== JSON.stringify(usedBy(items))) throw new Error('the counters are off');
  for (const kind of ['continuous', 'event'] as const) {
    const { maxBytes } = limits[kind];
    const isOver = maxBytes > 0 && usedBytes[kind] > Math.max(maxBytes, archive.protectedBytes(kind));
    if (isOver) throw new Error(`${kind} has ${usedBytes[kind]} bytes of ${maxBytes}`);
  }
}

describe('ten years of a camera', () => {
  it('never exceed a quota by more than a segment, lose nothing that is held or within a floor, and count right', () => {
    const stories = fc.array(fc.tuple(fc.nat(STEPS - 1), happening), { minLength: 100, maxLength: 400 });
    fc.assert(
      fc.property(stories, (story) => {
        const archive = new Archive();
        const inOrder = [...story].sort(([a], [b]) => a - b);
        for (let step = 0; step < STEPS; step += 1) {
          while (inOrder[0]?.[0] === step) archive.happen(inOrder.shift()![1]);
          check(archive, archive.clean());
          archive.record();
        }
        expect(archive.items.length).toBeGreaterThan(0);
      }),
      { numRuns: 5 },
    );
  }, 120_000);
});
