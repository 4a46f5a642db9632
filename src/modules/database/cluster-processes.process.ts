import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppLogger } from '../../common/logging.js';
import { listPids, readCommandLine, readProcess, signal } from '../../common/process-table.js';
import { embeddedFailed } from './embedded-postgres-error.js';
import type { Cluster } from './postgres-cluster.process.js';

/** A fast shutdown writes a checkpoint, which takes its time on a slow disk. */
const SHUTDOWN_TIMEOUT_MS = 15_000;
/** Without their postmaster all others end by themselves as soon as they look up from their work. */
const ORPHAN_TIMEOUT_MS = 2_000;
const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/**
 * Ends every process that still runs on this cluster: a second server must not start beside them. Nothing committed is lost, the write-ahead
 * log has it. The caller owns the cluster, so they are nobody's who lives. Processes of others are not touched, whatever the lock file says.
 * @throws AppError `DATABASE.EMBEDDED_FAILED` when one does not end, or `aborted` comes first
 */
export async function endLeftoverServer(cluster: Cluster, logger: AppLogger, aborted?: AbortSignal): Promise<void> {
  const found = findProcesses(cluster);
  if (found.length > 0) {
    logger.warn('ending the embedded PostgreSQL that an earlier run left behind', { pids: found });
    const server = found.find((pid) => isServer(pid, cluster));
    if (server !== undefined) signal(server, 'SIGINT');
    const timeoutMs = server === undefined ? ORPHAN_TIMEOUT_MS : SHUTDOWN_TIMEOUT_MS;
    if (!(await areGone(cluster, timeoutMs, aborted))) {
      for (const pid of findProcesses(cluster)) signal(pid, 'SIGKILL');
      if (!(await areGone(cluster, KILL_TIMEOUT_MS, aborted)))
        throw embeddedFailed(
          `An earlier PostgreSQL still runs on ${cluster.dir}: ${findProcesses(cluster).join(', ')}.`,
        );
    }
  }
  await clearForeignLock(cluster);
}

async function areGone(cluster: Cluster, timeoutMs: number, aborted?: AbortSignal): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs;
  let left = findProcesses(cluster);
  while (left.length > 0) {
    if (Date.now() > deadlineMs) return false;
    if (aborted?.aborted) throw embeddedFailed('The start was given up.');
    await delay(POLL_MS);
    left = left.filter((pid) => isOf(pid, cluster));
    if (left.length === 0) left = findProcesses(cluster); // a server that shuts down may have started one more
  }
  return true;
}

function findProcesses(cluster: Cluster): number[] {
  return listPids().filter((pid) => isOf(pid, cluster));
}

/** The server has the folder in its arguments; its helpers and sessions show the cluster's name there. */
function isOf(pid: number, cluster: Cluster): boolean {
  if (readProcess(pid)?.name !== 'postgres') return false;
  return isServer(pid, cluster) || readCommandLine(pid).join(' ').includes(cluster.name);
}

function isServer(pid: number, { dir }: Cluster): boolean {
  const args = readCommandLine(pid);
  return args[args.indexOf('-D') + 1] === dir && args.includes('-D');
}

/**
 * PostgreSQL takes any process with the pid in its lock file for a server. That pid may be another program's by now, or the server's own still
 * when it has ended and nobody has looked: in a container often nobody does.
 */
async function clearForeignLock({ dir }: Cluster): Promise<void> {
  const path = join(dir, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch(() => ''); // none: the last server ended well
  const pid = Number(text.split('\n')[0]);
  if (listPids().includes(pid)) await rm(path, { force: true });
}
