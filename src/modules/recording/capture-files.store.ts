import { type FileHandle, open, readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CaptureFootage, StoredFragment } from './domain/footage.js';
import type { GapCause } from './domain/ledger.js';
import { Mp4Error, readBoxHeader } from './domain/mp4/boxes.js';
import { readFragmentTiming } from './domain/mp4/fragment.js';
import { type InitSegment, parseInitSegment } from './domain/mp4/init-segment.js';

/** `capture.json`: what the media alone cannot say. */
export interface CaptureMeta {
  captureId: string;
  cameraId: string;
  /** Wall-clock instant of the capture's media time 0. */
  epochMs: number;
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

/** Writes a file that is whole or not there, also after a power loss. */
export async function writeDurably(path: string, bytes: Buffer | string): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

export async function writeMeta({
  dir,
  captureId,
  cameraId,
  epochMs,
  endedAtMs,
  endCause,
}: CaptureMeta & { dir: string }): Promise<void> {
  const meta: CaptureMeta = { captureId, cameraId, epochMs, endedAtMs, endCause };
  await writeDurably(join(dir, 'capture.json'), JSON.stringify(meta));
}

/**
 * Reads a capture back from its files alone; a torn tail does not count.
 * @returns null when there is no footage in it, since its init segment was never written
 * @throws Mp4Error when its init segment cannot be read
 */
export async function readCapture(dir: string): Promise<StoredCapture | null> {
  const initBytes = await readIfThere(join(dir, 'init.mp4'));
  if (!initBytes) return null;
  const init = parseInitSegment(initBytes);
  const meta = parseMeta(await readIfThere(join(dir, 'capture.json')), dir);
  const segments = (await listDir(dir)).filter((name) => name.endsWith('.m4s')).sort();
  const fragments: StoredFragment[] = [];
  for (const segment of segments) fragments.push(...(await scanSegment(dir, segment, init)));
  return { ...meta, dir, init, configDigest: init.configDigest, fragments, openSegment: null };
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
    return bytes ? { ...lost, ...(JSON.parse(bytes.toString()) as CaptureMeta) } : lost;
  } catch {
    return lost; // cut off by a power loss
  }
}

/** Reads the headers of a segment, skipping the media; stops before a fragment that is not whole. */
async function scanSegment(dir: string, segment: string, init: InitSegment): Promise<StoredFragment[]> {
  const fragments: StoredFragment[] = [];
  const file = await open(join(dir, segment), 'r');
  try {
    const { size } = await file.stat();
    for (let offset = 0; ;) {
      const moofBytes = await boxSizeAt(file, offset, size, 'moof');
      const mdatBytes = moofBytes && (await boxSizeAt(file, offset + moofBytes, size, 'mdat'));
      if (!moofBytes || !mdatBytes) return fragments;
      const moof = Buffer.alloc(moofBytes);
      await file.read(moof, 0, moofBytes, offset);
      const timing = readFragmentTiming(moof, init);
      const sizeBytes = moofBytes + mdatBytes;
      if (timing) fragments.push({ ...timing, segment, offset, moofBytes, sizeBytes });
      offset += sizeBytes;
    }
  } catch (error) {
    if (error instanceof Mp4Error) return fragments; // what a power loss left at the end
    throw error;
  } finally {
    await file.close();
  }
}

/** The size of the box at `offset`, or null when it is not that box or not whole. */
async function boxSizeAt(file: FileHandle, offset: number, fileSize: number, type: string): Promise<number | null> {
  const header = Buffer.alloc(16);
  const { bytesRead } = await file.read(header, 0, 16, offset);
  const box = readBoxHeader(header, 0, bytesRead);
  return box?.type === type && box.sizeBytes > 0 && offset + box.sizeBytes <= fileSize ? box.sizeBytes : null;
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
