import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEPT_KINDS } from '../../../../src/schema/kept-kind.js';
import {
  floorMs,
  isHeld,
  type KeptItem,
  type Pin,
  type Plan,
  type PlanInput,
  planVictims,
} from '../../../../src/modules/retention/domain/plan-victims.js';
import { bytesOf, byKind, DAY_MS, inputs, NOW_MS, noLimits, UNLIMITED, usedBy } from './keeping-arbitraries.js';

const itemAt = (daysAgo: number, fields: Partial<KeptItem> = {}): KeptItem => ({
  ...{ kind: 'continuous', id: `${daysAgo}`, sizeBytes: 100 },
  ...{ startMs: NOW_MS - daysAgo * DAY_MS - 60_000, endMs: NOW_MS - daysAgo * DAY_MS },
  ...fields,
});

const pinOf = ({ startMs, endMs }: KeptItem, fields: Partial<Pin> = {}): Pin => ({
  ...{ startMs, endMs, untilMs: null, playbackId: null },
  ...fields,
});

function plan(items: KeptItem[], fields: Partial<PlanInput>): Plan {
  return planVictims({ items, pins: [], limits: noLimits(), usedBytes: usedBy(items), nowMs: NOW_MS, ...fields });
}

const idsOf = ({ victims }: Plan) => victims.map(({ item }) => item.id);
const continuous = (limits: Partial<typeof UNLIMITED>) => ({
  ...noLimits(),
  continuous: { ...UNLIMITED, ...limits },
});

describe('what goes', () => {
  const three = [itemAt(3), itemAt(1), itemAt(2)];

  it('is nothing where nothing is limited and nobody wants bytes', () => {
    expect(plan(three, {})).toEqual({ victims: [], held: [], shortBytes: 0 });
  });

  it('is what ended as many days ago as are kept, to the millisecond', () => {
    const items = [itemAt(2), itemAt(2, { id: 'younger', endMs: NOW_MS - 2 * DAY_MS + 1 })];
    expect(plan(items, { limits: continuous({ days: 2 }) }).victims).toEqual([{ item: items[0], cause: 'retention' }]);
  });

  it('is the oldest of a kind that has too many bytes, whatever other kinds have', () => {
    const items = [...three, itemAt(9, { kind: 'event', id: 'event', sizeBytes: 9_000 })];
    const found = plan(items, { limits: continuous({ maxBytes: 150 }) });
    expect(found).toMatchObject({ victims: [{ cause: 'quota' }, { cause: 'quota' }], shortBytes: 0 });
    expect(idsOf(found)).toEqual(['3', '2']);
  });

  it('counts what is too old anyway as freed', () => {
    const found = plan(three, { limits: continuous({ days: 3, maxBytes: 200 }) });
    expect(idsOf(found)).toEqual(['3']);
  });

  it('comes from continuous footage first, and from events last, where room is wanted', () => {
    const items = KEPT_KINDS.map((kind, index) => itemAt(10 - index, { kind, id: kind })).reverse();
    const wanted = { bytes: 250, cause: 'disk' as const, kinds: KEPT_KINDS };
    expect(idsOf(plan(items, { wanted }))).toEqual(['continuous', 'export', 'schedule']);
    expect(idsOf(plan(items, { wanted: { ...wanted, kinds: ['event'] } }))).toEqual(['event']);
  });

  it('says how much could not be found', () => {
    const limits = continuous({ maxBytes: 50, keepDays: 2 });
    expect(plan(three, { limits })).toMatchObject({ victims: [{}, {}], shortBytes: 50 });
  });
});

describe('what stays', () => {
  it('is what a pin touches, and it is told', () => {
    const [old, older] = [itemAt(8), itemAt(9)];
    const pins = [pinOf(old, { endMs: old.startMs + 1 })];
    const found = plan([old, older], { limits: continuous({ days: 7 }), pins });
    expect([idsOf(found), found.held]).toEqual([['9'], [old]]);
  });

  it('is not what lies beside a pin, or what it held until now', () => {
    const item = itemAt(8);
    const beside = [pinOf(item, { startMs: item.endMs, endMs: item.endMs + 1 }), pinOf(item, { endMs: item.startMs })];
    for (const pin of [...beside, pinOf(item, { untilMs: NOW_MS })]) {
      expect(isHeld(item, [pin], NOW_MS)).toBe(false);
    }
    expect(isHeld(item, [pinOf(item, { untilMs: NOW_MS + 1 })], NOW_MS)).toBe(true);
  });

  it('is footage for a pin of footage, and one playback for a pin of that playback', () => {
    const [footage, event] = [itemAt(8), itemAt(8, { kind: 'event' })];
    expect([footage, event].map((item) => isHeld(item, [pinOf(footage)], NOW_MS))).toEqual([true, false]);
    const ofPlayback = pinOf(footage, { playbackId: 'mine' });
    expect([footage, event, { ...event, id: 'mine' }].map((item) => isHeld(item, [ofPlayback], NOW_MS))).toEqual([
      ...[false, false, true],
    ]);
  });
});

describe('of any items, pins and limits', () => {
  const always = (holds: (input: PlanInput, plan: Plan) => void) =>
    fc.assert(
      fc.property(inputs, (input) => holds(input, planVictims(input))),
      { numRuns: 1_000 },
    );
  const victimsOf = ({ victims }: Plan) => victims.map(({ item }) => item);

  it('nothing that is pinned goes', () => {
    always(({ pins, nowMs }, found) => {
      for (const item of victimsOf(found)) expect(isHeld(item, pins, nowMs)).toBe(false);
      for (const item of found.held) expect(isHeld(item, pins, nowMs)).toBe(true);
    });
  });

  it('nothing goes twice, and nothing is above its floor', () => {
    always(({ limits, nowMs }, found) => {
      expect(new Set(idsOf(found)).size).toBe(found.victims.length);
      for (const { kind, endMs } of victimsOf(found)) expect(endMs).toBeLessThanOrEqual(floorMs(limits[kind], nowMs));
    });
  });

  it('what is not held and too old goes', () => {
    always(({ items, pins, limits, nowMs }, found) => {
      const gone = new Set(victimsOf(found));
      for (const item of items) {
        const { days, keepDays } = limits[item.kind];
        const isOld = days > 0 && item.endMs <= nowMs - Math.max(days, keepDays) * DAY_MS;
        if (isOld && !isHeld(item, pins, nowMs)) expect(gone.has(item)).toBe(true);
      }
    });
  });

  it('the oldest of a kind go first', () => {
    always(({ items, pins, limits, nowMs }, found) => {
      const gone = new Set(victimsOf(found));
      for (const item of items) {
        const mayGo = item.sizeBytes > 0 && item.endMs <= floorMs(limits[item.kind], nowMs);
        if (gone.has(item) || !mayGo || isHeld(item, pins, nowMs)) continue;
        // What goes for its bytes is not younger than what may go and stays.
        const forBytes = found.victims.filter(
          ({ cause, item: { kind } }) => cause !== 'retention' && kind === item.kind,
        );
        for (const { item: victim } of forBytes) expect(victim.startMs).toBeLessThanOrEqual(item.startMs);
      }
    });
  });

  it('it frees what it was asked for, or says how much is missing', () => {
    always(({ items, limits, wanted, usedBytes }, found) => {
      const left = items.filter((item) => !victimsOf(found).includes(item));
      const above = byKind((kind) => {
        const { maxBytes } = limits[kind];
        return maxBytes === 0 ? 0 : Math.max(0, usedBy(left)[kind] - maxBytes);
      });
      const ofWanted = victimsOf(found).filter(({ kind }) => wanted?.kinds.includes(kind));
      const missing = Math.max(0, (wanted?.bytes ?? 0) - bytesOf(ofWanted));
      // Bytes that room is wanted for may bring a kind below its quota, too, which counts after the quota was found wanting.
      expect(found.shortBytes).toBeGreaterThanOrEqual(
        bytesOf(Object.values(above).map((sizeBytes) => ({ sizeBytes }))),
      );
      expect(found.shortBytes).toBeGreaterThanOrEqual(missing);
      if (found.shortBytes === 0) expect(Object.values(above)).toEqual(KEPT_KINDS.map(() => 0));
      expect(usedBytes).toEqual(usedBy(items));
    });
  });

  it('a second look finds nothing more', () => {
    always((input, found) => {
      const items = input.items.filter((item) => !victimsOf(found).includes(item));
      const { victims } = planVictims({ ...input, items, usedBytes: usedBy(items), wanted: undefined });
      expect(victims).toEqual([]);
    });
  });
});
