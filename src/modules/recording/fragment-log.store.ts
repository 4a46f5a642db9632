import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptureFootage, StoredFragment } from './domain/footage.js';
import type { GapCause } from './domain/ledger.js';
import { readBoxHeader } from './domain/mp4/boxes.js';
import { type FragmentTiming, readFragmentTiming } from './domain/mp4/fragment.js';
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

/** FFmpeg probes a stream before it writes, so its first fragments come late: the clock is fitted for this long. */
const EPOCH_FIT_MS = 30_000;
/** Smaller corrections of the epoch are not worth a write. */
const EPOCH_STEP_MS = 5;

/**
 * The fragments of all captures on this node's disk, append-only:
 * `cameras/{cameraId}/{captureId}/` holds `capture.json`, `init.mp4` and segment files `000001.m4s` of whole fragments, each
 * beginning with a key frame. What a killed process leaves is read back from the files alone; a torn tail is cut off.
 */
export class FragmentLog {
  /** The index of each camera, read from disk once. */
  private readonly cameras = new Map<string, Promise<StoredCapture[]>>();

  constructor(
    private readonly rootDir: string,
    private readonly segmentMs: number,
  ) {}

  async openCapture(cameraId: string, initBytes: Buffer, nowMs: number): Promise<CaptureWriter> {
    const captures = await this.readCaptures(cameraId);
    const captureId = `${nowMs}-${randomBytes(4).toString('hex')}`;
    const dir = join(this.cameraDir(cameraId), captureId);
    const init = parseInitSegment(initBytes);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'init.mp4'), initBytes);
    const capture: StoredCapture = {
      ...{ captureId, cameraId, epochMs: nowMs, endedAtMs: null, endCause: null },
      ...{ dir, init, configDigest: init.configDigest, fragments: [], openSegment: '' },
    };
    await writeMeta(capture);
    captures.push(capture);
    return new CaptureWriter(capture, this.segmentMs);
  }

  async findCameras(): Promise<string[]> {
    return listDir(join(this.rootDir, 'cameras'));
  }

  /** The live index of a camera's captures, oldest first. Not to be changed by the caller. */
  readCaptures(cameraId: string): Promise<StoredCapture[]> {
    const known = this.cameras.get(cameraId) ?? this.loadCaptures(cameraId);
    this.cameras.set(cameraId, known);
    return known;
  }

  async removeSegment(capture: StoredCapture, segment: string): Promise<void> {
    capture.fragments = capture.fragments.filter((fragment) => fragment.segment !== segment);
    await rm(join(capture.dir, segment), { force: true });
  }

  /** Deletes an ended capture, and the folder of its camera when it was the last one. */
  async removeCapture(capture: StoredCapture): Promise<void> {
    const captures = await this.readCaptures(capture.cameraId);
    captures.splice(captures.indexOf(capture), 1);
    await rm(capture.dir, { recursive: true, force: true });
    if (captures.length > 0) return;
    await rmdir(this.cameraDir(capture.cameraId)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error; // a new capture has just begun
    });
  }

  /** A folder without a whole init segment holds no footage and goes. */
  private async loadCaptures(cameraId: string): Promise<StoredCapture[]> {
    const captures: StoredCapture[] = [];
    for (const name of (await listDir(this.cameraDir(cameraId))).sort()) {
      const dir = join(this.cameraDir(cameraId), name);
      const capture = await readCapture(dir);
      if (capture) captures.push(capture);
      else await rm(dir, { recursive: true, force: true });
    }
    return captures;
  }

  cameraDir(cameraId: string): string {
    return join(this.rootDir, 'cameras', cameraId);
  }
}

/** Appends the fragments of one running capture. Calls must not overlap: the reader of the pipe awaits each. */
export class CaptureWriter {
  private file: FileHandle | undefined;
  private segmentStartMs = 0;
  private segmentCount = 0;
  private offset = 0;
  private savedEpochMs: number;

  constructor(
    readonly capture: StoredCapture,
    private readonly segmentMs: number,
  ) {
    this.savedEpochMs = capture.epochMs;
  }

  /** @returns null for a fragment without video, which is dropped */
  async append(moof: Buffer, mdat: Buffer, arrivedAtMs: number): Promise<StoredFragment | null> {
    const timing = readFragmentTiming(moof, this.capture.init);
    if (!timing) return null;
    await this.fitEpoch(timing, arrivedAtMs);
    const full = timing.isSync && timing.startMs - this.segmentStartMs >= this.segmentMs;
    const file = this.file && !full ? this.file : await this.nextSegment(timing.startMs);
    await file.writev([moof, mdat]);
    const fragment: StoredFragment = {
      ...timing,
      segment: this.capture.openSegment ?? '',
      offset: this.offset,
      moofBytes: moof.length,
      sizeBytes: moof.length + mdat.length,
    };
    this.offset += fragment.sizeBytes;
    this.capture.fragments.push(fragment);
    return fragment;
  }

  async close(endedAtMs: number, endCause: GapCause | null): Promise<void> {
    await this.closeSegment();
    Object.assign(this.capture, { endedAtMs, endCause, openSegment: null });
    await writeMeta(this.capture);
  }

  /** Media cannot arrive before it happened: the earliest epoch that the arrivals allow is the nearest to the truth. */
  private async fitEpoch({ startMs, durationMs }: FragmentTiming, arrivedAtMs: number): Promise<void> {
    const { capture } = this;
    const first = capture.fragments.length === 0;
    if (!first && startMs > EPOCH_FIT_MS) return;
    const epochMs = arrivedAtMs - startMs - durationMs;
    if (!first && epochMs >= capture.epochMs) return;
    capture.epochMs = epochMs;
    if (!first && Math.abs(epochMs - this.savedEpochMs) < EPOCH_STEP_MS) return;
    this.savedEpochMs = epochMs;
    await writeMeta(capture);
  }

  private async nextSegment(startMs: number): Promise<FileHandle> {
    await this.closeSegment();
    this.segmentCount += 1;
    this.segmentStartMs = startMs;
    this.offset = 0;
    this.capture.openSegment = `${String(this.segmentCount).padStart(6, '0')}.m4s`;
    this.file = await open(join(this.capture.dir, this.capture.openSegment), 'wx');
    return this.file;
  }

  private async closeSegment(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    if (!file) return;
    await file.datasync();
    await file.close();
  }
}

async function writeMeta({ dir, captureId, cameraId, epochMs, endedAtMs, endCause }: StoredCapture): Promise<void> {
  const path = join(dir, 'capture.json');
  const meta: CaptureMeta = { captureId, cameraId, epochMs, endedAtMs, endCause };
  await writeFile(`${path}.tmp`, JSON.stringify(meta));
  await rename(`${path}.tmp`, path);
}

async function readCapture(dir: string): Promise<StoredCapture | null> {
  const [metaText, initBytes] = await Promise.all([
    readIfThere(join(dir, 'capture.json')),
    readIfThere(join(dir, 'init.mp4')),
  ]);
  if (!metaText || !initBytes) return null;
  const meta = JSON.parse(metaText.toString()) as CaptureMeta;
  const init = parseInitSegment(initBytes);
  const segments = (await listDir(dir)).filter((name) => name.endsWith('.m4s')).sort();
  const fragments: StoredFragment[] = [];
  for (const segment of segments) fragments.push(...(await scanSegment(dir, segment, init)));
  return { ...meta, dir, init, configDigest: init.configDigest, fragments, openSegment: null };
}

/** Reads the headers of a segment, skipping the media; stops before a fragment that is not whole. */
async function scanSegment(dir: string, segment: string, init: InitSegment): Promise<StoredFragment[]> {
  const fragments: StoredFragment[] = [];
  const file = await open(join(dir, segment), 'r');
  try {
    const { size } = await file.stat();
    let offset = 0;
    for (;;) {
      const moof = await boxAt(file, offset, size);
      const mdat = moof && (await boxAt(file, offset + moof.sizeBytes, size));
      if (!moof || !mdat) return fragments;
      const sizeBytes = moof.sizeBytes + mdat.sizeBytes;
      const bytes = Buffer.alloc(moof.sizeBytes);
      await file.read(bytes, 0, moof.sizeBytes, offset);
      const timing = readFragmentTiming(bytes, init);
      if (timing) fragments.push({ ...timing, segment, offset, moofBytes: moof.sizeBytes, sizeBytes });
      offset += sizeBytes;
    }
  } finally {
    await file.close();
  }
}

async function boxAt(file: FileHandle, offset: number, fileSize: number): Promise<{ sizeBytes: number } | null> {
  const header = Buffer.alloc(16);
  const { bytesRead } = await file.read(header, 0, 16, offset);
  const box = readBoxHeader(header, 0, bytesRead);
  return box && box.sizeBytes > 0 && offset + box.sizeBytes <= fileSize ? box : null;
}

async function listDir(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
