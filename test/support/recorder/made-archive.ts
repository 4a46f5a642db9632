import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { createLogger } from '../../../src/common/logging.js';
import { FragmentSplitter } from '../../../src/mp4/fragment-splitter.js';
import { readFragmentTiming } from '../../../src/mp4/fragment.js';
import { parseInitSegment } from '../../../src/mp4/init-segment.js';
import { FootageCapture, FootageSegment } from '../../../src/schema/footage.entity.js';
import { mainStream } from '../../../src/schema/stream-id.js';
import { formatFootageKey } from '../../../src/modules/archive/domain/footage-key.js';
import { parseSegmentTail, TAIL_END_BYTES, tailBytesOf } from '../../../src/modules/footage/domain/segment-file.js';
import { sortSegments } from '../../../src/modules/footage/domain/segment-name.js';
import { FragmentLog } from '../../../src/modules/footage/fragment-log.store.js';
import type { FootageStore } from '../../../src/modules/storage/object-store.port.js';

/** A segment as a recorder has written it. */
export interface MadeSegment {
  captureKey: string;
  number: number;
  path: string;
  key: string;
  startMs: number;
  endMs: number;
}

/** Footage as recorders write it, in segments of real logs, and as it lies in the archive. */
export class MadeArchive {
  private captures = 0;

  /** @param dir for the logs */
  constructor(
    private readonly dir: string,
    private readonly dataSource: DataSource,
    private readonly store: FootageStore,
  ) {}

  /**
   * Records `bytes`, what a capture's FFmpeg gave, as one capture.
   * @param startMs wall clock of the first picture
   * @returns its segments, which are not in the archive yet
   */
  async record(cameraId: string, bytes: Buffer, startMs: number, segmentMs = 3_000): Promise<MadeSegment[]> {
    const [head, ...parts] = new FragmentSplitter().push(bytes);
    if (head?.kind !== 'init') throw new Error('no init segment');
    const init = parseInitSegment(head.bytes);
    const log = new FragmentLog(
      join(this.dir, String((this.captures += 1))),
      { segmentMs, fsyncMs: 60_000 },
      createLogger('silent'),
    );
    const writer = await log.openCapture(mainStream(cameraId), head.bytes, startMs);
    let originMs: number | null = null;
    let wallMs = startMs;
    for (const part of parts) {
      const timing = part.kind === 'fragment' ? readFragmentTiming(part.moof, init) : null;
      if (part.kind !== 'fragment' || !timing) continue;
      originMs ??= timing.startMs;
      wallMs = startMs + timing.startMs + timing.durationMs - originMs;
      await writer.append(Buffer.from(part.moof), Buffer.from(part.mdat), { wallMs, monoMs: wallMs - startMs });
    }
    await writer.settle();
    await writer.close(wallMs, null);
    const { dir } = writer.capture;
    const names = sortSegments(await readdir(dir));
    return Promise.all(names.map((name) => describe(join(dir, name), cameraId)));
  }

  /** Puts segments into the archive, with their rows. */
  async put(cameraId: string, segments: readonly MadeSegment[]): Promise<void> {
    for (const segment of segments) await this.putOne(cameraId, segment);
  }

  async rowOf(cameraId: string, { number, path, captureKey, startMs, endMs }: MadeSegment): Promise<FootageSegment> {
    const bytes = await readFile(path);
    const head = new FragmentSplitter().push(bytes).find(({ kind }) => kind === 'init');
    const init = parseInitSegment((head as { bytes: Buffer }).bytes);
    const captures = this.dataSource.getRepository(FootageCapture);
    const known = await captures.findOneBy({ captureKey });
    const described = { cameraId, captureKey, configDigest: init.configDigest, initBytes: init.bytes.length };
    const { id: captureId } = known ?? (await captures.save(captures.create(described)));
    const tailBytes = tailBytesOf(bytes.subarray(-TAIL_END_BYTES), bytes.length)!;
    const { entries } = parseSegmentTail(bytes.subarray(-tailBytes));
    return this.dataSource.getRepository(FootageSegment).create({
      ...{ cameraId, captureId, number, tailBytes, sizeBytes: bytes.length, state: 'stored', nodeId: null },
      ...{ startAt: new Date(startMs), endAt: new Date(endMs), gops: Buffer.alloc(0) },
      ...{ md5: createHash('md5').update(bytes).digest(), trashedAt: null, missingSince: null },
      frames: entries.reduce((sum, { fragment }) => sum + fragment.frames, 0),
    });
  }

  private async putOne(cameraId: string, segment: MadeSegment): Promise<void> {
    const row = await this.rowOf(cameraId, segment);
    await this.store.putFile(segment.key, segment.path, { contentType: 'video/mp4', sizeBytes: row.sizeBytes });
    await this.dataSource.getRepository(FootageSegment).insert(row);
  }
}

async function describe(path: string, cameraId: string): Promise<MadeSegment> {
  const bytes = await readFile(path);
  const tailBytes = tailBytesOf(bytes.subarray(-TAIL_END_BYTES), bytes.length)!;
  const { owner, clock, entries } = parseSegmentTail(bytes.subarray(-tailBytes));
  const [first, last] = [entries[0]!.fragment, entries.at(-1)!.fragment];
  const startMs = Math.round(clock.epochMs + first.startMs);
  const endMs = Math.round(clock.epochMs + last.startMs + last.durationMs);
  const { captureId: captureKey, number } = owner;
  const key = formatFootageKey({ cameraId, startMs, durationMs: endMs - startMs, captureKey, number });
  return { captureKey, number, path, key, startMs, endMs };
}
