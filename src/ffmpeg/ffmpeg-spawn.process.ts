import type { ChildProcess } from 'node:child_process';
import { type ChildOptions, spawnChild } from '../common/child.process.js';
import { dieWithParent } from '../common/parent-death.process.js';

/** Names the recorder that started an FFmpeg, in that FFmpeg's environment. */
const RECORDER_VARIABLE = 'HINDSIGHT_RECORDER';

const running = new Set<ChildProcess>();

/**
 * Starts an FFmpeg that ends at once when this process does. Ctrl-C in a terminal does not reach it: when it stops is ours to say.
 * @param nodeId the recorder that a later start looks for, see `endLeftoverCaptures`; null: nobody looks
 */
export function spawnFfmpeg(
  path: string,
  args: readonly string[],
  options: ChildOptions,
  nodeId: string | null,
): ChildProcess {
  const [program, allArgs] = dieWithParent(path, args, { signal: 'KILL' });
  const mark = nodeId === null ? {} : { [RECORDER_VARIABLE]: nodeId };
  const child = spawnChild(program, allArgs, { ...options, detached: true, variables: mark });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => child.pid === undefined && running.delete(child));
  return child;
}

/** What stands in the environment of every FFmpeg of this recorder. */
export function recorderMark(nodeId: string): string {
  return `${RECORDER_VARIABLE}=${nodeId}`;
}

/** Pids of the FFmpegs of this process. */
export function runningFfmpegs(): number[] {
  return [...running].flatMap(({ pid }) => pid ?? []);
}

/** For a stop that waits for nothing: what they gave so far is in the log. */
export function killRunningFfmpegs(): void {
  for (const child of running) child.kill('SIGKILL');
}
