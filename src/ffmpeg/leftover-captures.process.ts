import { setTimeout as delay } from 'node:timers/promises';
import type { AppLogger } from '../common/logging.js';
import { listPids, readEnvironment, readProcess, signal } from '../common/process-table.js';
import { recorderMark } from './ffmpeg-spawn.process.js';

/** The kernel takes a killed process away at once, unless its disk does not answer. */
const GONE_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/**
 * Kills the FFmpegs that an earlier process of this recorder has left behind: a stalled one would hold the camera's only session.
 * Whoever calls it holds the recorder's lock and has started nothing yet. Only what carries this recorder's mark is touched.
 * @returns the pids that were killed
 */
export async function endLeftoverCaptures(nodeId: string, logger: AppLogger): Promise<number[]> {
  const mark = recorderMark(nodeId);
  const killed = listPids().filter((pid) => isLeftover(pid, mark) && signal(pid, 'SIGKILL'));
  if (killed.length === 0) return [];
  logger.warn('killed FFmpegs that an earlier run had left behind', { pids: killed });
  const deadlineMs = Date.now() + GONE_TIMEOUT_MS;
  const alive = () => killed.filter((pid) => isLeftover(pid, mark));
  while (alive().length > 0 && Date.now() < deadlineMs) await delay(POLL_MS);
  const stuck = alive();
  if (stuck.length > 0) logger.error('FFmpegs of an earlier run do not end', { pids: stuck });
  return killed;
}

/** This process and its children are left out: they may have inherited the mark, and are nobody's leftover. */
function isLeftover(pid: number, mark: string): boolean {
  if (pid === process.pid || !readEnvironment(pid).includes(mark)) return false;
  const found = readProcess(pid);
  return found !== null && found.parentPid !== process.pid;
}
