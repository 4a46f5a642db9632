import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../../common/clock.js';
import { AppConfig } from '../../../config/app-config.js';
import { Playback } from '../../playback/playback.entity.js';
import { Mp4Error } from '../domain/mp4/boxes.js';
import { planAssembly } from '../domain/assembly-plan.js';
import { coveredSpans, findStalls, selectFootage, type Take } from '../domain/footage.js';
import { buildLedger, type CausedSpan, type Span } from '../domain/ledger.js';
import { beginWith } from '../domain/stream-segments.js';
import { footageAway, FootageReader, waitMsFor } from '../log/footage-reader.service.js';
import type { StoredCapture } from '../log/fragment-log.store.js';
import { RecordingRepository } from '../recording.repository.js';
import type { PlaybackUpload } from '../upload/playback-upload.js';
import { UploadEngine } from '../upload/upload-engine.service.js';
import { readAssembled } from './assembled-capture.store.js';
import { AssembledFiles } from './assembled-files.store.js';
import { Assembler } from './assembler.port.js';
import type { FootageFacts } from './finished-object.js';

/** Footage of one configuration that an object can be made of. */
export interface ReadyFootage {
  takes: Take<StoredCapture>[];
  /** All of it is in the upload's stream. */
  upload: PlaybackUpload;
  facts: FootageFacts;
}

type Takes = readonly Take<StoredCapture>[];

interface FoundFootage {
  /** What lies on disks that can be seen. */
  captures: StoredCapture[];
  found: Take<StoredCapture>[];
  /** Recorders whose disk cannot be seen, and that were waited for. */
  unseen: string[];
}

/** Finds the footage of a recording that has ended, wherever it is, and brings it into one configuration. */
@Injectable()
export class FootageAssembly {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly footage: FootageReader,
    private readonly rows: RecordingRepository,
    private readonly uploads: UploadEngine,
    private readonly assembled: AssembledFiles,
    private readonly assembler: Assembler,
  ) {}

  /**
   * @returns null when there is no footage of it
   * @throws AppError `RECORDING.FOOTAGE_AWAY`, `RECORDING.ASSEMBLY_FAILED`
   */
  async prepare(playback: Playback, upload: PlaybackUpload, signal: AbortSignal): Promise<ReadyFootage | null> {
    const range = { startMs: playback.rangeStartAt!.getTime(), endMs: playback.rangeEndAt!.getTime() };
    const { captures, found, unseen } = await this.find(playback, upload, range);
    const { canEncode } = this.assembler;
    const whole = planAssembly(found, canEncode);
    // What is in the store alone cannot be read, only kept as it is.
    const readable = selectFootage(captures, range);
    const { assembly, takes } = whole.assembly === 'copied' ? whole : planAssembly(readable, canEncode);
    if (takes.length === 0) return null;
    const left = found.filter(({ capture }) => !takes.some((take) => take.capture.captureId === capture.captureId));
    const facts = {
      assembly,
      ledger: await this.balance(playback.cameraId, range, { takes, left, unseen }),
      startedAtMs: takes[0]!.span.startMs,
      endedAtMs: takes.at(-1)!.span.endMs,
    };
    if (assembly === 'copied') return { ...fill(upload, takes), facts };
    const capture = await this.encode(playback, takes, signal);
    const span = { startMs: facts.startedAtMs, endMs: facts.endedAtMs };
    return { ...(await this.refill(upload, { capture, fragments: capture.fragments, span })), facts };
  }

  private async find(playback: Playback, upload: PlaybackUpload, range: Span): Promise<FoundFootage> {
    const { captures, unseen } = await this.footage.read(playback.cameraId, playback.footageNodes);
    if (unseen.length > 0 && this.mayStillCome(playback, upload)) throw footageAway(unseen);
    const found = selectFootage(withGhosts(captures, upload), range);
    return { captures, found: withFirstShown(found, playback.firstFragment), unseen };
  }

  /** A recorder that is away may come back with its part; for ever is too long to wait for it. */
  private mayStillCome({ rangeEndAt }: Playback, { parts }: PlaybackUpload): boolean {
    return this.clock.nowMs() < rangeEndAt!.getTime() + waitMsFor(this.config, parts.length > 0);
  }

  private async balance(
    cameraId: string,
    range: Span,
    { takes, left, unseen }: { takes: Takes; left: Takes; unseen: readonly string[] },
  ): Promise<FootageFacts['ledger']> {
    const stalls = takes.map((take) => findStalls(take));
    const interruptions: CausedSpan[] = [
      ...(await this.rows.findInterruptions(cameraId, range)),
      ...left.map(({ span }) => ({ ...span, cause: 'codec_changed' as const })),
      ...stalls.flat().map((span) => ({ ...span, cause: 'stalled' as const })),
    ];
    const covered = takes.flatMap((take, index) => coveredSpans(take, stalls[index] ?? []));
    return buildLedger(range, covered, interruptions, unseen.length > 0 ? 'footage_lost' : 'unknown');
  }

  /** One stream out of several; what an earlier attempt has made is used again. */
  private async encode(
    playback: Playback,
    takes: readonly Take<StoredCapture>[],
    signal: AbortSignal,
  ): Promise<StoredCapture> {
    const path = await this.assembled.pathFor(playback.id);
    const made = playback.localPath === path ? await readMade(path) : null;
    if (made) return made;
    const { capture } = await this.assembler.assemble(takes, path, signal);
    await this.dataSource.manager.update(Playback, { id: playback.id }, { localPath: path });
    playback.localPath = path;
    return capture;
  }

  /** What went up while it was recorded is of no use for a file that was encoded anew. */
  private async refill(upload: PlaybackUpload, take: Take<StoredCapture>): Promise<Omit<ReadyFootage, 'facts'>> {
    const { captureId } = take.capture;
    const isOfIt = upload.stream.entries.every(({ capture }) => capture.captureId === captureId);
    return fill(isOfIt ? upload : await this.uploads.discard(upload), [take]);
  }
}

/**
 * Captures with what only the store has of them: all of it when their recorder is gone, and the end of one whose disk lost power before it
 * was safe there.
 */
function withGhosts(captures: readonly StoredCapture[], { stream }: PlaybackUpload): StoredCapture[] {
  const sent = new Set(stream.entries.map(({ capture }) => capture));
  const ghosts = new Map([...sent].filter(({ dir }) => dir === '').map((ghost) => [ghost.captureId, ghost]));
  const whole = captures.map((capture) => {
    const ghost = ghosts.get(capture.captureId);
    if (!ghost || !ghosts.delete(capture.captureId)) return capture;
    const fragments = [...capture.fragments, ...ghost.fragments].sort((a, b) => a.startMs - b.startMs);
    return { ...capture, fragments };
  });
  return [...whole, ...ghosts.values()];
}

/** Who watches it live has seen where it begins: nothing of that goes. */
function withFirstShown(takes: Take<StoredCapture>[], firstFragment: string | null): Take<StoredCapture>[] {
  const [shown] = beginWith(takes, firstFragment);
  const [first, ...rest] = takes;
  const isEarlier = shown?.capture === first?.capture && shown!.span.startMs < first!.span.startMs;
  return first && isEarlier ? [shown!, ...rest] : takes;
}

/** What was not sent while it was recorded goes behind what was. */
function fill(upload: PlaybackUpload, takes: Take<StoredCapture>[]): Omit<ReadyFootage, 'facts'> {
  for (const { capture, fragments } of takes) {
    for (const fragment of fragments) upload.append(capture, fragment);
  }
  return { takes, upload };
}

/** Null when it is not there any more, or not whole: it is made again. */
async function readMade(path: string): Promise<StoredCapture | null> {
  try {
    return await readAssembled(path);
  } catch (error) {
    if (error instanceof Mp4Error || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
