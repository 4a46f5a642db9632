import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { encodeGops, type GopEntry } from '../../src/modules/archive/domain/gop-index.js';
import { FootageCapture, FootageSegment } from '../../src/schema/footage.entity.js';

/** A segment as a test wants it; what it leaves out is that of a camera with 25 pictures and a key frame a second. */
export type MadeSegment = Partial<Omit<FootageSegment, 'camera' | 'capture' | 'startAt' | 'endAt'>> & {
  startMs: number;
  endMs: number;
};

let made = 0;

/** A capture of a camera in the index. */
export async function insertCapture(
  dataSource: DataSource,
  cameraId: string,
  fields: Partial<Omit<FootageCapture, 'camera'>> = {},
): Promise<FootageCapture> {
  made += 1;
  const capture = {
    cameraId,
    captureKey: `${1_700_000_000_000 + made}-abcdef01`,
    configDigest: 'one',
    initBytes: 1_000,
  };
  const { identifiers } = await dataSource.manager.insert(FootageCapture, { ...capture, ...fields });
  return dataSource.manager.findOneByOrFail(FootageCapture, identifiers[0]!);
}

/** Segments of a capture, stored unless they say otherwise. Numbers go on from 1 where none is given. */
export async function insertSegments(
  dataSource: DataSource,
  capture: FootageCapture,
  segments: readonly MadeSegment[],
): Promise<void> {
  const rows = segments.map(({ startMs, endMs, ...fields }, index) => ({
    ...{ cameraId: capture.cameraId, captureId: capture.id, number: index + 1 },
    ...{ startAt: new Date(startMs), endAt: new Date(endMs), sizeBytes: 1_000_000, tailBytes: 1_000 },
    ...{ frames: Math.max(1, Math.round((endMs - startMs) / 40)), state: 'stored' as const, nodeId: null },
    ...{ md5: Buffer.alloc(16), gops: encodeGops(gopsOf(endMs - startMs)), trashedAt: null, missingSince: null },
    ...fields,
  }));
  for (let at = 0; at < rows.length; at += 500) {
    await dataSource.manager.insert(FootageSegment, rows.slice(at, at + 500));
  }
}

/** A period in which all footage of a camera is wanted. */
export async function insertPeriod(
  dataSource: DataSource,
  cameraId: string,
  startMs: number,
  endMs: number | null,
): Promise<void> {
  await dataSource.query('INSERT INTO footage_periods (camera_id, start_at, end_at) VALUES ($1, $2, $3)', [
    ...[cameraId, new Date(startMs), endMs === null ? null : new Date(endMs)],
  ]);
}

export async function insertInterruption(
  dataSource: DataSource,
  cameraId: string,
  { startMs, endMs, cause }: { startMs: number; endMs: number | null; cause: string },
): Promise<void> {
  await dataSource.query(
    `INSERT INTO interruptions (id, camera_id, started_at, ended_at, cause, detail) VALUES ($1, $2, $3, $4, $5, '')`,
    [randomUUID(), cameraId, new Date(startMs), endMs === null ? null : new Date(endMs), cause],
  );
}

export async function insertRemoval(
  dataSource: DataSource,
  cameraId: string,
  { startMs, endMs, cause }: { startMs: number; endMs: number; cause: string },
): Promise<void> {
  await dataSource.query(
    `INSERT INTO footage_removals (camera_id, start_at, end_at, cause, size_bytes, removed_at) VALUES ($1, $2, $3, $4, 1, now())`,
    [cameraId, new Date(startMs), new Date(endMs), cause],
  );
}

function gopsOf(lengthMs: number): GopEntry[] {
  const gops: GopEntry[] = [];
  for (let atMs = 0; atMs < lengthMs; atMs += 1_000) {
    gops.push({ sizeBytes: 10_000, durationMs: Math.min(1_000, lengthMs - atMs) });
  }
  return gops;
}
