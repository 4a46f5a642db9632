import { randomBytes } from 'node:crypto';
import { mkdir, rm, rmdir, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AppLogger } from '../../common/logging.js';
import {
  formatCaptureId,
  listDir,
  readCapture,
  type StoredCapture,
  syncDir,
  type TornTail,
  writeMeta,
  writeWhole,
} from './capture-files.store.js';
import { CaptureWriter, type ClockMemory, type NextCapture } from './capture-writer.store.js';
import { parseInitSegment } from '../../mp4/init-segment.js';
import { isDiskError } from './segment-scan.store.js';
import { type LogLimits, SegmentWriter } from './segment-writer.store.js';

export type { CaptureMeta, StoredCapture } from './capture-files.store.js';
export { CaptureWriter, type WrittenFragment } from './capture-writer.store.js';
export { readForeignCaptures } from './foreign-captures.store.js';
export type { LogLimits } from './segment-writer.store.js';

/**
 * The fragments of all captures on this node's disk, append-only:
 * `cameras/{cameraId}/{captureId}/` holds `capture.json`, `init.mp4` and segment files `000000001.m4s` of whole fragments,
 * each beginning with a key frame. What a killed process leaves is read back from the files alone; a torn tail is cut off.
 */
export class FragmentLog {
  /** The index of each camera, read from disk once. An array lives as long as this log: captures are added to it and taken out of it. */
  private readonly cameras = new Map<string, Promise<StoredCapture[]>>();

  /** By camera: what is known of its clocks outlives a capture. */
  private readonly clocks = new Map<string, ClockMemory>();

  constructor(
    private readonly rootDir: string,
    private readonly limits: LogLimits,
    private readonly logger: AppLogger,
    /** Told of each torn tail that was cut off. */
    private readonly onTornTail: (bytes: number) => void = () => {},
  ) {}

  /**
   * @param nowMs wall clock
   * @param heardFromMs since when the camera may have been heard, on the clock of arrivals; null: since the first one
   */
  async openCapture(
    cameraId: string,
    initBytes: Buffer,
    nowMs: number,
    heardFromMs: number | null = null,
  ): Promise<CaptureWriter> {
    const open = (next: NextCapture) => this.openFiles(cameraId, next);
    const memory = this.clocks.get(cameraId) ?? { paces: {} };
    this.clocks.set(cameraId, memory);
    const files = await open({ epochMs: nowMs, startedAtMs: nowMs, init: initBytes });
    return new CaptureWriter(files, open, memory, heardFromMs);
  }

  async findCameras(): Promise<string[]> {
    return listDir(join(this.rootDir, 'cameras'));
  }

  /** The live index of a camera's captures, oldest first. Not to be changed by the caller. */
  readCaptures(cameraId: string): Promise<StoredCapture[]> {
    const known = this.cameras.get(cameraId);
    if (known) return known;
    const loading = this.loadCaptures(cameraId);
    this.cameras.set(cameraId, loading);
    loading.catch(() => this.cameras.delete(cameraId)); // the caller sees the error; the next one reads again
    return loading;
  }

  async removeSegment(capture: StoredCapture, segment: string): Promise<void> {
    capture.fragments = capture.fragments.filter((fragment) => fragment.segment !== segment);
    await rm(join(capture.dir, segment), { force: true });
  }

  /** Deletes an ended capture, and the folder of its camera when it was the last one. */
  async removeCapture(capture: StoredCapture): Promise<void> {
    const captures = await this.readCaptures(capture.cameraId);
    const index = captures.indexOf(capture);
    if (index >= 0) captures.splice(index, 1);
    await rm(capture.dir, { recursive: true, force: true });
    if (captures.length > 0) return;
    await rmdir(this.cameraDir(capture.cameraId)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error; // a new capture has just begun
    });
  }

  cameraDir(cameraId: string): string {
    return join(this.rootDir, 'cameras', cameraId);
  }

  private async openFiles(
    cameraId: string,
    { init: initBytes, epochMs, anchors = [], startedAtMs }: NextCapture,
  ): Promise<SegmentWriter> {
    const captures = await this.readCaptures(cameraId);
    const captureId = formatCaptureId(Math.round(startedAtMs), randomBytes(4).toString('hex'));
    const dir = join(this.cameraDir(cameraId), captureId);
    const init = parseInitSegment(initBytes);
    await this.makeDir(dir);
    await writeWhole(join(dir, 'init.mp4'), initBytes);
    const capture: StoredCapture = {
      ...{ captureId, cameraId, epochMs, anchors, endedAtMs: null, endCause: null },
      ...{ dir, init, configDigest: init.configDigest, fragments: [], openSegment: '' },
    };
    await writeMeta(capture);
    captures.push(capture);
    return new SegmentWriter(capture, this.limits);
  }

  /** Makes a folder that a power loss does not take back: its name, and those of the folders made for it, are synced. */
  private async makeDir(dir: string): Promise<void> {
    const firstMade = await mkdir(dir, { recursive: true });
    for (let at = dir; firstMade !== undefined && at.length >= firstMade.length; at = dirname(at)) {
      await syncDir(dirname(at));
    }
  }

  private async loadCaptures(cameraId: string): Promise<StoredCapture[]> {
    const captures: StoredCapture[] = [];
    for (const name of (await listDir(this.cameraDir(cameraId))).sort()) {
      const capture = await this.loadCapture(join(this.cameraDir(cameraId), name));
      if (capture) captures.push(capture);
    }
    return captures;
  }

  /** A folder without an init segment holds no footage and goes; one that cannot be read stays for a person to look at. */
  private async loadCapture(dir: string): Promise<StoredCapture | null> {
    try {
      const read = await readCapture(dir);
      if (!read) await rm(dir, { recursive: true, force: true });
      for (const tail of read?.torn ?? []) await this.cutOff(dir, tail);
      return read?.capture ?? null;
    } catch (error) {
      if (isDiskError(error)) throw error;
      this.logger.warn('a capture on disk cannot be read: it is left alone', { dir, err: error });
      return null;
    }
  }

  private async cutOff(dir: string, { segment, wholeBytes, tornBytes }: TornTail): Promise<void> {
    await truncate(join(dir, segment), wholeBytes);
    this.onTornTail(tornBytes);
    this.logger.warn('a torn tail was cut off', { dir, segment, wholeBytes, tornBytes });
  }
}
