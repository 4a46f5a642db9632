import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { GapCause } from '../../schema/ledger.js';
import { mainStream, parseStreamKey, type StreamId, streamKey, type StreamName } from '../../schema/stream-id.js';
import { type InitSegment, parseInitSegment } from '../../mp4/init-segment.js';
import { type Anchor } from './domain/capture-clock.js';
import type { CaptureFootage, StoredFragment } from './domain/footage.js';
import type { CaptureSegments } from './domain/segment-spans.js';
import { listDir, orNull, syncDir, writeWhole } from './files.store.js';
import type { SegmentPlace } from './fragment-source.js';

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

/** A capture as it lies on disk: its folder, and what stands in it beside the segments. Or in the archive. */
export interface CaptureFiles extends CaptureMeta, SegmentPlace {
  init: InitSegment;
  configDigest: string;
}

/** A capture in a log: the folder above its own tells of which stream it is. */
export interface LoggedFiles extends CaptureFiles {
  stream: StreamName;
}

/** A capture in the index of a log: it goes on changing while the capture runs. */
export interface LoggedCapture extends LoggedFiles, CaptureSegments {
  open: StoredFragment[];
  /** The segment that is being written; null once the capture has ended. */
  openSegment: string | null;
}

/** A capture with the fragments that somebody asked for. */
export interface StoredCapture extends CaptureFiles, CaptureFootage {
  fragments: StoredFragment[];
}

/** Where a log keeps the captures of a stream. @param rootDir the record folder of a recorder */
export function streamDir(rootDir: string, stream: StreamId): string {
  return join(streamsDir(rootDir), streamKey(stream));
}

/** Streams of which a log holds captures. What else lies there is nobody's, and left alone. */
export async function findStreams(rootDir: string): Promise<StreamId[]> {
  return (await listDir(streamsDir(rootDir))).flatMap((name) => parseStreamKey(name) ?? []);
}

function streamsDir(rootDir: string): string {
  return join(rootDir, 'cameras');
}

/** The name of a capture's folder tells when it began, should its `capture.json` be lost. */
export function formatCaptureId(startedAtMs: number, unique: string): string {
  return `${startedAtMs}-${unique}`;
}

export async function writeMeta(capture: CaptureMeta & { dir: string }): Promise<void> {
  const { dir, captureId, cameraId, epochMs, anchors = [], endedAtMs, endCause } = capture;
  const meta: CaptureMeta = { captureId, cameraId, epochMs, anchors, endedAtMs, endCause };
  await writeWhole(join(dir, 'capture.json'), JSON.stringify(meta));
  await syncDir(dir);
}

/**
 * Reads back what a capture's folder says of it beside its segments.
 * @returns null when there is no footage in it, since its init segment was never written
 * @throws Mp4Error when its init segment cannot be read
 */
export async function readCaptureFiles(dir: string): Promise<LoggedFiles | null> {
  const initBytes = await orNull(readFile(join(dir, 'init.mp4')));
  if (!initBytes) return null;
  const init = parseInitSegment(initBytes);
  const { cameraId, stream } = streamAbove(dir);
  const meta = parseMeta(await orNull(readFile(join(dir, 'capture.json'))), basename(dir), cameraId);
  return { ...meta, stream, dir, init, configDigest: init.configDigest };
}

function streamAbove(captureDir: string): StreamId {
  const name = basename(dirname(captureDir));
  return parseStreamKey(name) ?? mainStream(name);
}

function parseMeta(bytes: Buffer | null, captureId: string, cameraId: string): CaptureMeta {
  const lost: CaptureMeta = {
    captureId,
    cameraId,
    epochMs: Number.parseInt(captureId, 10),
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
