import { readFile } from 'node:fs/promises';

/** USER_HZ: the unit of times in /proc on every Linux that Node runs on. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const MS_PER_TICK = 10;

export interface Usage {
  /** Processor time so far, user and system, all threads. */
  cpuMs: number;
  rssBytes: number;
}

export async function readUsage(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name, in parentheses, may hold spaces; `utime` and `stime` are fields 14 and 15, the state behind the name is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rssKiB = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK, rssBytes: rssKiB * 1024 };
}

export async function readUsages(pids: readonly number[]): Promise<Usage> {
  const all = await Promise.all(pids.map(readUsage));
  return all.reduce((a, b) => ({ cpuMs: a.cpuMs + b.cpuMs, rssBytes: a.rssBytes + b.rssBytes }), {
    cpuMs: 0,
    rssBytes: 0,
  });
}

/** Children of a process, whichever of its threads started them. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** How busy all processors together are over `ms`, from 0 to 1. */
export async function readMachineLoad(ms: number): Promise<number> {
  const before = await readProcessorTimes();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const after = await readProcessorTimes();
  return 1 - (after.idle - before.idle) / (after.total - before.total);
}

async function readProcessorTimes(): Promise<{ idle: number; total: number }> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { idle: times[3]! + times[4]!, total: times.reduce((a, b) => a + b, 0) };
}
