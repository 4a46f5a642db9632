import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../src/common/logging.js';
import { mainStream } from '../../../src/schema/stream-id.js';
import type { StoredFragment } from '../../../src/modules/footage/domain/footage.js';
import { ForeignCaptures } from '../../../src/modules/footage/foreign-captures.store.js';
import {
  type CaptureWriter,
  FragmentLog,
  type StoredCapture,
} from '../../../src/modules/footage/fragment-log.store.js';
import { readFixture } from '../../support/footage.js';

/** What is captured. */
export const CAM = mainStream('cam');
/** When it begins. */
export const T = 1_800_000_000_000;
const LIMITS = { segmentMs: 2_000, fsyncMs: 0 };
const logger = createLogger('silent');

/** Something came then, and nobody sets the clock. */
export const at = (wallMs: number) => ({ wallMs, monoMs: wallMs - T });

/** What another recorder reads in a record folder. */
export const foreign = (rootDir: string, stream = CAM) => new ForeignCaptures().read(rootDir, stream);

/** A fragment log in a folder of its own. */
export class FragmentLogRig {
  readonly log: FragmentLog;
  /** What the log told when it was written. */
  readonly told: StoredFragment[] = [];
  /** How much the reopened logs cut off, torn tail by torn tail. */
  readonly tornBytes: number[] = [];

  private constructor(readonly dir: string) {
    this.log = new FragmentLog(dir, LIMITS, logger);
  }

  static async open(): Promise<FragmentLogRig> {
    return new FragmentLogRig(await mkdtemp(join(tmpdir(), 'hindsight-log-')));
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  /** The log as the next process finds it on disk. */
  reopened(): FragmentLog {
    return new FragmentLog(this.dir, LIMITS, logger, (bytes) => this.tornBytes.push(bytes));
  }

  /** The fixture as a capture that began at `startMs`; each fragment arrives when its last frame was taken. */
  async write(startMs = T, stream = CAM): Promise<CaptureWriter> {
    const { init, fragments } = readFixture('h264-aac');
    const writer = await this.log.openCapture(stream, init.bytes, startMs);
    let arrivedAtMs = startMs;
    for (const { moof, mdat } of fragments) {
      const [{ fragment } = {}] = await writer.append(moof, mdat, at((arrivedAtMs += 1_000)));
      this.told.push(fragment!);
      arrivedAtMs = startMs + fragment!.startMs + fragment!.durationMs - 10_000;
    }
    await writer.settle();
    return writer;
  }

  /** What the log has of a capture, fragments and all. */
  async stored({ capture }: CaptureWriter): Promise<StoredCapture> {
    const captures = await this.log.readCaptures(CAM);
    return captures.find(({ captureId }) => captureId === capture.captureId)!;
  }
}
