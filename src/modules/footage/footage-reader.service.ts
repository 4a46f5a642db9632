import { Injectable, Optional } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import type { AppConfig } from '../../config/app-config.js';
import type { StreamId } from '../../schema/stream-id.js';
import { NodeIdentity, readNodeId, RecorderNodeRepository } from '../cluster/index.js';
import type { SegmentChoice } from './domain/segment-choice.js';
import { ForeignCaptures } from './foreign-captures.store.js';
import { FragmentLog, type StoredCapture } from './fragment-log.store.js';

export interface FoundCaptures {
  captures: StoredCapture[];
  /** Recorders whose disk cannot be seen. */
  unseen: string[];
}

/**
 * Finds the footage of a stream: in this recorder's log, and in the homes of other recorders whose disk can be seen from here.
 * In a process without a recorder all of them are others.
 */
@Injectable()
export class FootageReader {
  private readonly foreign = new ForeignCaptures();

  constructor(
    private readonly recorders: RecorderNodeRepository,
    @Optional() private readonly log?: FragmentLog,
    @Optional() private readonly node?: NodeIdentity,
  ) {}

  /**
   * Captures of a stream, this recorder's first, with the fragments of the chosen segments. Not to be changed by the caller.
   * @param nodeIds recorders that may hold some
   * @param use is called with them at a moment at which this recorder's log holds nothing more of what was chosen
   * @returns what `use` returns
   */
  async read(stream: StreamId, nodeIds: readonly string[], choose: SegmentChoice): Promise<FoundCaptures>;
  async read<T>(
    stream: StreamId,
    nodeIds: readonly string[],
    choose: SegmentChoice,
    use: (found: FoundCaptures) => T,
  ): Promise<T>;
  async read(
    stream: StreamId,
    nodeIds: readonly string[],
    choose: SegmentChoice,
    use: (found: FoundCaptures) => unknown = (found) => found,
  ): Promise<unknown> {
    const others = nodeIds.filter((id) => id !== this.node?.nodeId);
    const homes = await this.findHomes(others);
    const foreign: StoredCapture[] = [];
    for (const homeDir of homes.values()) foreign.push(...(await this.foreign.read(homeDir, stream, choose)));
    const unseen = others.filter((id) => !homes.has(id));
    if (!this.log) return use({ captures: foreign, unseen });
    // Our own at last: it grows while the others are read.
    return this.log.readCaptures(stream, choose, (own) => use({ captures: [...own, ...foreign], unseen }));
  }

  /** Whether the disk of a recorder can be seen from here. */
  async canSee(nodeId: string): Promise<boolean> {
    return (await this.findHomes([nodeId])).has(nodeId);
  }

  /** The same path on another machine is another disk: the identity that lies there tells. */
  private async findHomes(nodeIds: readonly string[]): Promise<Map<string, string>> {
    const known = await this.recorders.find(nodeIds);
    return new Map(known.filter(({ id, homeDir }) => isHomeOf(id, homeDir)).map(({ id, homeDir }) => [id, homeDir]));
  }
}

function isHomeOf(nodeId: string, homeDir: string): boolean {
  try {
    return readNodeId(homeDir) === nodeId;
  } catch {
    return false; // a mount that is away, or not for us
  }
}

/** How long footage on a disk that cannot be seen is waited for, from the end of its recording on. */
export function waitMsFor({ upload, recording }: AppConfig, isPartlySafe: boolean): number {
  return (isPartlySafe ? upload.orphanWaitSec : recording.footageWaitSec) * 1_000;
}

/** A part of the footage lies where this recorder cannot read it. */
export function footageAway(nodeIds: readonly string[]): AppError {
  return new AppError({ code: 'RECORDING.FOOTAGE_AWAY', values: { recorders: nodeIds.join(', ') } });
}
