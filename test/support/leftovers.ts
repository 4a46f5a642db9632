import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_VARIABLE, type TestRun } from './test-run.js';

/** Caches that a tool keeps in TMPDIR on its own account. */
const NOT_OURS = /^(tsx-|node-compile-cache|v8-compile-cache|jest)/;
/** A killed process needs a moment until it is gone. */
const PATIENCE_MS = 5_000;

export interface FoundProcess {
  pid: number;
  commandLine: string;
}

/**
 * Processes that carry one of `marks` in their environment or command line, this one left out. PostgreSQL overwrites its environment,
 * so its command line counts too. Empty where there is no /proc.
 */
export async function findProcesses(...marks: string[]): Promise<FoundProcess[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => pid !== process.pid).flatMap((pid) => look(pid, marks) ?? []);
}

/** Nothing of /proc waits for a disk, and tests ask often: by promises, each look costs many times as much. */
function look(pid: number, marks: string[]): FoundProcess | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    // A process that has ended and waits for its parent has neither.
    const isEntry = (mark: string) => `\0${environment}`.includes(`\0${mark}\0`);
    const marked = marks.some((mark) => isEntry(mark) || commandLine.includes(mark));
    return marked ? { pid, commandLine: commandLine.split('\0').join(' ').trim() } : null;
  } catch {
    return null; // it has ended meanwhile, or it is another user's
  }
}

/** What a run has left behind, one sentence each: processes of any kind, and files in its TMPDIR. */
export async function findLeftovers({ dir, tmpDir }: TestRun): Promise<string[]> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  const find = () => findProcesses(`${RUN_VARIABLE}=${dir}`, dir);
  let processes = await find();
  while (processes.length > 0 && Date.now() < deadlineMs) {
    await delay(50);
    processes = await find();
  }
  const files = (await readdir(tmpDir)).filter((name) => !NOT_OURS.test(name));
  return [
    ...processes.map(({ pid, commandLine }) => `process ${pid} still runs: ${commandLine.slice(0, 300)}`),
    ...files.map((name) => `a temporary file is left: ${name}`),
  ];
}
