import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { AppError } from '../../common/errors.js';
import type { AppLogger } from '../../common/logging.js';
import { LockSession } from '../database/index.js';
import { endLeftoverCaptures } from '../../ffmpeg/leftover-captures.process.js';
import { RecorderNode } from '../../schema/recorder-node.entity.js';
import { loadNodeIdentity, NodeIdentity } from './node-identity.js';

/** Processes that share a RECORD_DIR; more of them on one disk record nothing that fewer could not. */
const MAX_HOMES = 16;
/** A process that was killed a moment ago may still hold its lock. */
const FIRST_HOME_WAIT_MS = 1_000;
const POLL_MS = 100;

export function nodeLock(nodeId: string): string {
  return `hindsight node ${nodeId}`;
}

/** Where the n-th recorder of a RECORD_DIR keeps its fragments: the first one in the folder itself. */
export function homeDirs(recordDir: string): string[] {
  return Array.from({ length: MAX_HOMES }, (_, n) => (n === 0 ? recordDir : join(recordDir, `node-${n + 1}`)));
}

/** This process's place on the disk, and the database session that keeps others out of it. */
export class RecorderHome {
  private constructor(
    readonly node: NodeIdentity,
    readonly session: LockSession,
  ) {}

  /**
   * Takes the first home under `recordDir` that no living process has.
   * @throws AppError `RECORDING.NO_HOME` when all are taken
   */
  static async take(dataSource: DataSource, recordDir: string, logger: AppLogger): Promise<RecorderHome> {
    const session = await LockSession.open(urlOf(dataSource));
    try {
      const node = await findFreeHome(session, recordDir);
      // The lock is ours: no living process can be the owner of these.
      await endLeftoverCaptures(node.nodeId, logger);
      const row = { id: node.nodeId, homeDir: node.homeDir, host: hostname().slice(0, 255), startedAt: new Date() };
      await dataSource.manager.upsert(RecorderNode, row, ['id']);
      return new RecorderHome(node, session);
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}

export function urlOf(dataSource: DataSource): string {
  return (dataSource.options as { url?: string }).url ?? '';
}

async function findFreeHome(session: LockSession, recordDir: string): Promise<NodeIdentity> {
  const deadlineMs = performance.now() + FIRST_HOME_WAIT_MS;
  for (const [index, dir] of homeDirs(recordDir).entries()) {
    const node = loadNodeIdentity(dir);
    for (;;) {
      const name = nodeLock(node.nodeId);
      if ((await session.tryLock([name])).has(name)) return node;
      if (index > 0 || performance.now() > deadlineMs) break;
      await delay(POLL_MS);
    }
  }
  throw new AppError({ code: 'RECORDING.NO_HOME', values: { count: MAX_HOMES, dir: recordDir } });
}
