import { open, readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Anchor, applyAnchors } from './domain/capture-clock.js';
import type { CaptureFootage, StoredFragment } from './domain/footage.js';
import { sortSegments } from './domain/segment-name.js';
import type { GapCause } from '../../schema/ledger.js';
import { type InitSegment, parseInitSegment } from '../../mp4/init-segment.js';
import type { SegmentScan } from './closed-segments.store.js';
import { scanSegment } from './segment-scan.store.js';

/** `capture.json`: what the media alone cannot say. */
export interface CaptureMeta {
  captureId: string;
  cameraId: string;
  /** Wall-clock instant of the capture's media time 0. */
  epochMs: number;
  /** How far media times are off by the drift of the camera's clock. */
  anchors?: readonly Anchor[];
  /** Null while it runs, or when the service died. */
  endedAtMs: number | null;
  endCause: GapCause | null;
}

/** A capture as it lies on disk, with the index of its fragments. */
export interface StoredCapture extends CaptureFootage, CaptureMeta {
  dir: string;
  init: InitSegment;
  fragments: StoredFragment[];
  /** The segment that is being written; null once the capture has ended. */
  openSegment: string | null;
}

/** The name of a capture's folder tells when it began, should its `capture.json` be lost. */
export function formatCaptureId(startedAtMs: number, unique: string): string {
  return `${startedAtMs}-${unique}`;
}

/** Writes a file that is whole or not there, also after a power loss; it is there for good once its folder is synced too. */
export async function writeWhole(path: string, bytes: Buffer | string): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

/** Brings the names in a folder to stable storage: a synced file whose name is lost is lost (fsync(2), "Calling fsync() does not"). */
export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function writeMeta(capture: CaptureMeta & { dir: string }): Promise<void> {
  const { dir, captureId, cameraId, epochMs, anchors = [], endedAtMs, endCause } = capture;
  const meta: CaptureMeta = { captureId, cameraId, epochMs, anchors, endedAtMs, endCause };
  await writeWhole(join(dir, 'capture.json'), JSON.stringify(meta));
  await syncDir(dir);
}

/** What a crash, a power loss or a full disk left behind the last whole fragment of a segment. */
export interface TornTail {
  segment: string;
  wholeBytes: number;
  tornBytes: number;
}

/**
 * Reads a capture back from its files alone, changing nothing; torn tails do not count as footage.
 * @param scanClosed reads all its segments but the last one
 * @returns null when there is no footage in it, since its init segment was never written
 * @throws Mp4Error when its init segment cannot be read
 */
export async function readCapture(
  dir: string,
  scanClosed: SegmentScan = scanSegment,
): Promise<{ capture: StoredCapture; torn: TornTail[] } | null> {
  const initBytes = await readIfThere(join(dir, 'init.mp4'));
  if (!initBytes) return null;
  const init = parseInitSegment(initBytes);
  const meta = parseMeta(await readIfThere(join(dir, 'capture.json')), dir);
  const segments = sortSegments(await listDir(dir));
  const fragments: StoredFragment[] = [];
  const torn: TornTail[] = [];
  for (const segment of segments) {
    const scan = segment === segments.at(-1) ? scanSegment : scanClosed;
    const { fragments: found, wholeBytes, tornBytes } = await scan(dir, segment, init);
    for (const fragment of found) fragments.push(applyAnchors(fragment, meta.anchors ?? []));
    if (tornBytes > 0) torn.push({ segment, wholeBytes, tornBytes });
  }
  return { capture: { ...meta, dir, init, configDigest: init.configDigest, fragments, openSegment: null }, torn };
}

function parseMeta(bytes: Buffer | null, dir: string): CaptureMeta {
  const lost: CaptureMeta = {
    captureId: basename(dir),
    cameraId: basename(dirname(dir)),
    epochMs: Number.parseInt(basename(dir), 10),
    endedAtMs: null,
    endCause: null,
  };
  try {
    const meta = bytes ? { ...lost, ...(JSON.parse(bytes.toString()) as CaptureMeta) } : lost;
    return isMeta(meta) ? meta : lost;
  } catch {
    return lost; // cut off by a power loss
  }
}

/** `Date` knows no later one (https://tc39.es/ecma262/#sec-time-values-and-time-range). */
const LAST_INSTANT_MS = 8.64e15;

function isInstant(ms: unknown): boolean {
  return typeof ms === 'number' && ms >= 0 && ms <= LAST_INSTANT_MS;
}

/** A damaged file may still be JSON. */
function isMeta({ captureId, cameraId, epochMs, endedAtMs, endCause, anchors = [] }: CaptureMeta): boolean {
  return (
    [captureId, cameraId].every((id) => typeof id === 'string') &&
    isInstant(epochMs) &&
    (endedAtMs === null || isInstant(endedAtMs)) &&
    (endCause === null || typeof endCause === 'string') &&
    Array.isArray(anchors) &&
    anchors.every((anchor: Anchor | null) => Number.isFinite(anchor?.fromMs) && Number.isFinite(anchor?.addMs))
  );
}

/** Names in a folder; none when it is not there. */
export async function listDir(dir: string): Promise<string[]> {
  return (await orNull(readdir(dir))) ?? [];
}

async function readIfThere(path: string): Promise<Buffer | null> {
  return orNull(readFile(path));
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
