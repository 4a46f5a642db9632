import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { localDays } from '../../../src/common/local-days.js';
import type { FootageCapture } from '../../../src/schema/footage.entity.js';
import {
  insertCapture,
  insertInterruption,
  insertPeriod,
  insertRemoval,
  insertSegments,
  type MadeSegment,
} from '../../support/footage-rows.js';
import { iso, startTimelineRig, type TimelineRig } from './timeline-rig.js';

const T = Date.UTC(2026, 9, 20, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.UTC(2027, 0, 10);

let rig: TimelineRig;
let cameraId: string;
let capture: FootageCapture;

beforeAll(async () => {
  rig = await startTimelineRig(NOW);
});
afterAll(() => rig?.close());
beforeEach(async () => {
  cameraId = await rig.insertCamera();
  capture = await insertCapture(rig.database.dataSource, cameraId);
});

const minutes = (from: number, to: number, fields: Partial<MadeSegment> = {}): MadeSegment[] =>
  Array.from({ length: to - from }, (_, at) => ({
    ...fields,
    number: from + at + 1,
    startMs: T + (from + at) * MINUTE_MS,
    endMs: T + (from + at + 1) * MINUTE_MS,
  }));
const insert = (segments: MadeSegment[], into = capture) => insertSegments(rig.database.dataSource, into, segments);
const spansOf = async (fromMin: number, toMin: number, query: Record<string, string> = {}) => {
  const range = { from: iso(T + fromMin * MINUTE_MS), to: iso(T + toMin * MINUTE_MS) };
  const { status, json } = await rig.ask(cameraId, 'spans', { ...range, ...query });
  expect(status).toBe(200);
  return json as unknown as {
    spans: { startAt: string; endAt: string; place: string; config: string; bytes: number }[];
    gaps: { startAt: string; endAt: string; cause: string; wasRecorded: boolean }[];
    expectedMs: number;
    coveredMs: number;
    shortGapsMs: number;
    oldestAt: string | null;
  };
};
const minuteOf = (instant: string) => (Date.parse(instant) - T) / MINUTE_MS;
const inMinutes = (all: { startAt: string; endAt: string }[]) =>
  all.map(({ startAt, endAt }) => [minuteOf(startAt), minuteOf(endAt)]);

describe('spans and gaps', () => {
  it('tell what was never recorded from what was not kept, and what nobody wanted', async () => {
    await insertPeriod(rig.database.dataSource, cameraId, T, T + 50 * MINUTE_MS);
    await insert(minutes(10, 20));
    await insert(minutes(22, 24, { trashedAt: new Date() }));
    await insert(minutes(24, 25, { missingSince: new Date() }));
    await insert(minutes(25, 30));
    await insertRemoval(rig.database.dataSource, cameraId, {
      startMs: T,
      endMs: T + 10 * MINUTE_MS,
      cause: 'retention',
    });
    await insertInterruption(rig.database.dataSource, cameraId, {
      ...{ startMs: T + 20 * MINUTE_MS, endMs: T + 22 * MINUTE_MS, cause: 'camera_lost' },
    });
    await insertInterruption(rig.database.dataSource, cameraId, {
      ...{ startMs: T + 40 * MINUTE_MS, endMs: null, cause: 'camera_unreachable' },
    });
    const answer = await spansOf(-5, 60);
    expect(inMinutes(answer.spans)).toEqual([
      [10, 20],
      [25, 30],
    ]);
    expect(answer.gaps.map(({ cause, wasRecorded }) => [cause, wasRecorded])).toEqual([
      ['not_wanted', false],
      ['retention', true],
      ['camera_lost', false],
      ['deleted', true],
      ['lost', true],
      ['unknown', false],
      ['camera_unreachable', false],
      ['not_wanted', false],
    ]);
    expect(inMinutes(answer.gaps).map(([from]) => from)).toEqual([-5, 0, 20, 22, 24, 30, 40, 50]);
    expect(answer).toMatchObject({ expectedMs: 65 * MINUTE_MS, coveredMs: 15 * MINUTE_MS, shortGapsMs: 0 });
    expect(answer.oldestAt).toBe(iso(T + 10 * MINUTE_MS));
  });

  it('are half-open: one millisecond before, at and behind an edge', async () => {
    await insert(minutes(0, 1));
    const at = async (fromMs: number, toMs: number) => {
      const { json } = await rig.ask(cameraId, 'spans', { from: iso(T + fromMs), to: iso(T + toMs) });
      return [json['coveredMs'] as number, (json['gaps'] as unknown[]).length];
    };
    expect(await at(-1, 0)).toEqual([0, 1]);
    expect(await at(-1, 1)).toEqual([1, 1]);
    expect(await at(0, 1)).toEqual([1, 0]);
    expect(await at(59_999, 60_000)).toEqual([1, 0]);
    expect(await at(59_999, 60_001)).toEqual([1, 1]);
    expect(await at(60_000, 60_001)).toEqual([0, 1]);
  });

  it('end where the place or the description of the streams changes, without a gap', async () => {
    const other = await insertCapture(rig.database.dataSource, cameraId, { configDigest: 'two' });
    await insert(minutes(0, 5));
    await insert(minutes(5, 7, { state: 'local', nodeId: randomUUID() }));
    await insert(minutes(7, 9), other);
    const { spans, gaps } = await spansOf(0, 9);
    expect(gaps).toEqual([]);
    expect(spans.map(({ place, config, bytes }) => [place, config, bytes])).toEqual([
      ['stored', 'one', 5_000_000],
      ['local', 'one', 2_000_000],
      ['stored', 'two', 2_000_000],
    ]);
  });

  it('count two captures at once only once, and leave out short gaps when they are told to', async () => {
    const other = await insertCapture(rig.database.dataSource, cameraId);
    await insert(minutes(0, 5));
    await insert(minutes(3, 8), other);
    await insert(minutes(9, 10));
    expect(await spansOf(0, 10)).toMatchObject({ coveredMs: 9 * MINUTE_MS, shortGapsMs: 0 });
    const joined = await spansOf(0, 10, { minGapMs: '60001' });
    expect(joined).toMatchObject({ coveredMs: 9 * MINUTE_MS, shortGapsMs: MINUTE_MS, gaps: [] });
    expect(inMinutes(joined.spans)).toEqual([[0, 10]]);
    expect((await spansOf(0, 10, { minGapMs: '60000' })).gaps).toHaveLength(1);
  });

  it('end now, where what is missing at last may be on its way', async () => {
    rig.clock.set(T + 7 * MINUTE_MS);
    await insertPeriod(rig.database.dataSource, cameraId, T, null);
    await insert(minutes(0, 5));
    const { status, json } = await rig.ask(cameraId, 'spans', { from: iso(T), to: iso(T + DAY_MS) });
    rig.clock.set(NOW);
    expect([status, json['to'], json['expectedMs']]).toEqual([200, iso(T + 7 * MINUTE_MS), 7 * MINUTE_MS]);
    expect(json['gaps']).toMatchObject([{ cause: 'not_yet', endAt: iso(T + 7 * MINUTE_MS) }]);
  });

  it('are refused for a range that is turned round, ahead, or too long, and for no camera', async () => {
    const codeOf = async (query: Record<string, string>, id = cameraId) => {
      const { status, json } = await rig.ask(id, 'spans', query);
      return [status, json['code'] as string | undefined];
    };
    expect(await codeOf({ from: iso(T), to: iso(T) })).toEqual([400, 'REQUEST.INVALID']);
    expect(await codeOf({ from: iso(NOW) })).toEqual([400, 'REQUEST.INVALID']);
    expect(await codeOf({})).toEqual([400, 'REQUEST.INVALID']);
    expect(await codeOf({ from: iso(T), to: iso(T + 32 * DAY_MS) })).toEqual([400, 'FOOTAGE.RANGE_TOO_LONG']);
    expect(await codeOf({ from: iso(T), to: iso(T + 31 * DAY_MS + HOUR_MS) })).toEqual([200, undefined]);
    expect(await codeOf({ from: iso(T) }, randomUUID())).toEqual([404, 'CAMERA.NOT_FOUND']);
  });
});

describe('days', () => {
  const cases = [
    ['Europe/Berlin', '2026-10-24', '2026-10-27', [24, 25, 24]],
    ['America/Santiago', '2026-09-05', '2026-09-08', [24, 23, 24]],
    ['Australia/Lord_Howe', '2026-10-03', '2026-10-06', [24, 23.5, 24]],
  ] as const;

  it.each(cases)('of %s have the hours of their date, and together the spans', async (timeZone, from, to, hours) => {
    const days = localDays(from, to, timeZone);
    const [first, last] = [days[0]!.startMs, days.at(-1)!.endMs];
    // Hours with holes in them, of which one lies over each midnight.
    const segments: MadeSegment[] = [];
    for (let startMs = first - 20 * MINUTE_MS; startMs < last; startMs += 41 * MINUTE_MS) {
      segments.push({ startMs, endMs: startMs + 37 * MINUTE_MS + segments.length, number: 2 * segments.length + 1 });
    }
    await insert(segments);
    const { status, json } = await rig.ask(cameraId, 'days', { from, to, timeZone, detail: 'true' });
    expect(status).toBe(200);
    const answered = json['days'] as {
      startAt: string;
      endAt: string;
      hours: number;
      coveredMs: number;
      bytes: number;
    }[];
    expect(answered.map((day) => day.hours)).toEqual(hours);
    let sum = 0;
    for (const { startAt, endAt, coveredMs, bytes } of answered) {
      const { json: spans } = await rig.ask(cameraId, 'spans', { from: startAt, to: endAt });
      expect(coveredMs).toBe(spans['coveredMs']);
      const spanBytes = (spans['spans'] as { bytes: number }[]).reduce((all, each) => all + each.bytes, 0);
      expect(Math.abs(bytes - spanBytes)).toBeLessThan(100);
      sum += coveredMs;
    }
    const { json: whole } = await rig.ask(cameraId, 'spans', {
      from: answered[0]!.startAt,
      to: answered.at(-1)!.endAt,
    });
    expect(sum).toBe(whole['coveredMs']);
    expect(sum).toBeLessThan(whole['expectedMs'] as number);
  });

  it('say which have footage and what is locked, a year of them', async () => {
    await insert(minutes(0, 3));
    await rig.database.dataSource.query(
      `INSERT INTO footage_pins (camera_id, start_at, end_at, reason) VALUES ($1, $2, $3, 'lock'), ($1, $4, $5, 'viewer')`,
      [cameraId, ...[T, T + 1, T + DAY_MS, T + DAY_MS + 1].map((ms) => new Date(ms))],
    );
    const { json } = await rig.ask(cameraId, 'days', { from: '2026-01-01', to: '2027-01-02', timeZone: 'UTC' });
    const days = json['days'] as { date: string; hasFootage: boolean; locked: boolean; coveredMs?: number }[];
    expect(days).toHaveLength(366);
    expect(days.filter(({ hasFootage }) => hasFootage)).toEqual([
      expect.objectContaining({ date: '2026-10-20', locked: true }),
    ]);
    expect(days.filter(({ locked }) => locked)).toHaveLength(1);
    expect(days[0]).not.toHaveProperty('coveredMs');
    const tooLong = await rig.ask(cameraId, 'days', { from: '2026-01-01', to: '2027-01-03', timeZone: 'UTC' });
    expect([tooLong.status, tooLong.json['code']]).toEqual([400, 'FOOTAGE.RANGE_TOO_LONG']);
    const month = await rig.ask(cameraId, 'days', { from: '2026-01-01', to: '2026-02-02', detail: 'true' });
    expect([month.status, month.json['code']]).toEqual([400, 'FOOTAGE.RANGE_TOO_LONG']);
  });
});

describe('segments', () => {
  it('come in pages, each once, with what is known of them', async () => {
    await insert([...minutes(0, 4), ...minutes(4, 5, { state: 'local', nodeId: randomUUID() })]);
    await insert(minutes(5, 6, { trashedAt: new Date() }));
    const seen: Record<string, unknown>[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const range = { from: iso(T + 30_000), to: iso(T + HOUR_MS), limit: '2' };
      const { status, json } = await rig.ask(cameraId, 'segments', cursor === '' ? range : { ...range, cursor });
      expect(status).toBe(200);
      seen.push(...(json['data'] as Record<string, unknown>[]));
      cursor = json['nextCursor'] as string | null;
    }
    expect(seen.map(({ number, state }) => [number, state])).toEqual([
      [1, 'stored'],
      [2, 'stored'],
      [3, 'stored'],
      [4, 'stored'],
      [5, 'local'],
      [6, 'trashed'],
    ]);
    expect(seen[0]).toMatchObject({ startAt: iso(T), endAt: iso(T + MINUTE_MS), capture: capture.captureKey });
    expect(seen[0]!['key']).toBe(`footage/${cameraId}/20261020/${T}-60000-${capture.captureKey}-1.mp4`);
    expect(seen[4]).not.toHaveProperty('key');
    const forged = await rig.ask(cameraId, 'segments', { from: iso(T), cursor: 'abc' });
    expect([forged.status, forged.json['code']]).toEqual([400, 'REQUEST.INVALID']);
  });
});
