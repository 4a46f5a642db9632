import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppError } from '../../common/errors.js';
import { Playback } from '../../schema/playback.entity.js';
import { Mp4Error } from '../../mp4/boxes.js';
import {
  AssembledFiles,
  beginWith,
  coveredSpans,
  findStalls,
  selectFootage,
  type StoredCapture,
  type Take,
} from '../footage/index.js';
import { buildLedger, type CausedSpan, type Ledger, type Span } from '../../schema/ledger.js';
import { planAssembly } from './domain/assembly-plan.js';
import { PlaybackFootage } from './playback-footage.service.js';
import type { PlaybackUpload } from './playback-upload.js';
import { UploadEngine } from './upload-engine.service.js';
import { readAssembled } from './assembled-capture.store.js';
import { Assembler } from './assembler.port.js';
import type { FootageFacts } from './finished-object.js';

/** Footage of one configuration that an object can be made of. */
export interface ReadyFootage {
  takes: Take<StoredCapture>[];
  /** All of it is in the upload's stream. */
  upload: PlaybackUpload;
  /** Recorders whose disk cannot be seen. */
  unseen: string[];
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
    private readonly footage: PlaybackFootage,
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
    // An earlier attempt has found that it cannot be laid out as it is.
    const made = assembly === 'copied' ? await this.findMade(playback) : null;
    if (made) return this.prepareMade(playback, { takes, unseen, upload, made });
    const left = found.filter(({ capture }) => !takes.some((take) => take.capture.captureId === capture.captureId));
    const facts = {
      assembly,
      ledger: await this.balance(playback, range, { takes, left, unseen }),
      startedAtMs: takes[0]!.span.startMs,
      endedAtMs: takes.at(-1)!.span.endMs,
    };
    if (assembly === 'copied') return { ...fill(upload, takes), unseen, facts };
    const capture = await this.encode(playback, takes, signal);
    const span = { startMs: facts.startedAtMs, endMs: facts.endedAtMs };
    return { ...(await this.refill(upload, { capture, fragments: capture.fragments, span })), unseen, facts };
  }

  /**
   * Footage of one configuration that cannot be laid out as it is, through FFmpeg, which leaves out what it cannot read.
   * @throws AppError `RECORDING.ASSEMBLY_FAILED`
   */
  async remux(playback: Playback, { takes, upload, unseen }: ReadyFootage, signal: AbortSignal): Promise<ReadyFootage> {
    // To make it anew means to throw away what the store has.
    if (upload.isOnlyInStore) throw onlyInStore();
    const made = await this.encode(playback, takes, signal);
    return this.prepareMade(playback, { takes, unseen, upload, made });
  }

  /** What is known of the footage of a recording of which no object can be made; null when nothing is. */
  async assess(playback: Playback, upload: PlaybackUpload | null): Promise<Ledger | null> {
    const range = { startMs: playback.rangeStartAt!.getTime(), endMs: playback.rangeEndAt!.getTime() };
    const { captures, unseen } = await this.footage.look(playback, range);
    const takes = selectFootage(upload ? withGhosts(captures, upload) : captures, range);
    if (takes.length === 0 && unseen.length > 0) return null;
    return this.balance(playback, range, { takes, left: [], unseen });
  }

  /** The ledger is that of what FFmpeg has made: it may have left out more than anybody could tell before. */
  private async prepareMade(
    playback: Playback,
    { takes, unseen, upload, made }: { takes: Takes; unseen: string[]; upload: PlaybackUpload; made: StoredCapture },
  ): Promise<ReadyFootage> {
    const range = { startMs: playback.rangeStartAt!.getTime(), endMs: playback.rangeEndAt!.getTime() };
    const { fragments, epochMs } = made;
    const [first, last] = [fragments[0]!, fragments.at(-1)!];
    const span = { startMs: epochMs + first.startMs, endMs: epochMs + last.startMs + last.durationMs };
    const take = { capture: made, fragments, span };
    const facts = {
      assembly: 'remuxed' as const,
      ledger: await this.balance(playback, range, { takes: [take], left: [], unseen, sources: takes }),
      startedAtMs: span.startMs,
      endedAtMs: span.endMs,
    };
    return { ...(await this.refill(upload, take)), unseen, facts };
  }

  private async find(playback: Playback, upload: PlaybackUpload, range: Span): Promise<FoundFootage> {
    const { captures, unseen } = await this.footage.find(playback, range, { isPartlySafe: upload.parts.length > 0 });
    // What is in the archive is read there, also when some of it went up already.
    if (playback.kind === 'export') return { captures, found: selectFootage(captures, range), unseen };
    const { firstFragment } = playback;
    const found = selectFootage(withGhosts(captures, upload), range);
    return { captures, found: withFirstShown(found, firstFragment), unseen };
  }

  /** @param sources what the takes were made of, when that is something else: where a picture stands in them, it may stand for what is lost */
  private async balance(
    playback: Playback,
    range: Span,
    { takes, left, unseen, sources }: { takes: Takes; left: Takes; unseen: readonly string[]; sources?: Takes },
  ): Promise<Ledger> {
    const stalls = takes.map((take) => findStalls(take));
    const interruptions: CausedSpan[] = [
      ...(await this.footage.findCauses(playback, range)),
      ...left.map(({ span }) => ({ ...span, cause: 'codec_changed' as const })),
      ...(sources ?? takes).flatMap(findStalls).map((span) => ({ ...span, cause: 'stalled' as const })),
    ];
    const covered = takes.flatMap((take, index) => coveredSpans(take, stalls[index] ?? []));
    return buildLedger(range, covered, interruptions, unseen.length > 0 || sources ? 'footage_lost' : 'unknown');
  }

  /** One stream out of several; what an earlier attempt has made is used again. */
  private async encode(
    playback: Playback,
    takes: readonly Take<StoredCapture>[],
    signal: AbortSignal,
  ): Promise<StoredCapture> {
    const made = await this.findMade(playback);
    if (made) return made;
    const path = await this.assembled.pathFor(playback.id);
    this.uploads.enter(playback.id, 'encoding');
    const { capture } = await this.assembler.assemble(takes, path, signal);
    await this.dataSource.manager.update(Playback, { id: playback.id }, { localPath: path });
    playback.localPath = path;
    return capture;
  }

  private async findMade(playback: Playback): Promise<StoredCapture | null> {
    const path = await this.assembled.pathFor(playback.id);
    return playback.localPath === path ? readMade(path) : null;
  }

  /** What went up while it was recorded is of no use for a file that was encoded anew. */
  private async refill(
    upload: PlaybackUpload,
    take: Take<StoredCapture>,
  ): Promise<Pick<ReadyFootage, 'takes' | 'upload'>> {
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
  const ghosts = new Map<string, StoredCapture>();
  for (const { capture, fragment } of stream.entries) {
    if (capture.dir !== '') continue;
    const ghost = ghosts.get(capture.captureId) ?? { ...capture, fragments: [] };
    ghost.fragments.push(fragment);
    ghosts.set(capture.captureId, ghost);
  }
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
function fill(upload: PlaybackUpload, takes: Take<StoredCapture>[]): Pick<ReadyFootage, 'takes' | 'upload'> {
  for (const { capture, fragments } of takes) {
    for (const fragment of fragments) upload.append(capture, fragment);
  }
  return { takes, upload };
}

function onlyInStore(): AppError {
  const message =
    'The footage could not be made into an MP4, and a part of it is only in the store, where FFmpeg cannot read it.';
  return new AppError({ code: 'RECORDING.ASSEMBLY_FAILED', message });
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
