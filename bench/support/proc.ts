import { readFile } from 'node:fs/promises';

/** USER_HZ: the unit of times in /proc on every Linux that Node runs on. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const MS_PER_TICK = 10;
const PEAK_SAMPLE_MS = 50;

export interface Usage {
  /** Processor time so far, user and system, all threads. */
  cpuMs: number;
  rssBytes: number;
}

export async function readUsage(pid: number): Promise<Usage> {
  const { cpuMs, rssBytes } = await readProcess(pid);
  return { cpuMs, rssBytes };
}

/** Of processes that neither come nor go meanwhile. */
export async function readUsages(pids: readonly number[]): Promise<Usage> {
  return addUp(await Promise.all(pids.map(readUsage)));
}

/** The most memory that a process has from now on until it is asked. */
export class PeakMemory {
  private mostBytes = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.timer = setInterval(() => void this.look().catch(() => undefined), PEAK_SAMPLE_MS); // `stop` reports it
  }

  async stop(): Promise<number> {
    clearInterval(this.timer);
    await this.look();
    return this.mostBytes;
  }

  private async look(): Promise<void> {
    const { rssBytes } = await readUsage(this.pid);
    this.mostBytes = Math.max(this.mostBytes, rssBytes);
  }
}

/** Of a process and its children, those that have ended included. */
export async function readFamilyUsage(pid: number): Promise<Usage> {
  const children = await Promise.allSettled((await childrenOf(pid)).map(readUsage));
  // A child that ended just now is among the parent's ended ones, which are read last.
  const alive = children.filter((child) => child.status === 'fulfilled').map(({ value }) => value);
  const { cpuMs, endedCpuMs, rssBytes } = await readProcess(pid);
  return addUp([...alive, { cpuMs: cpuMs + endedCpuMs, rssBytes }]);
}

function addUp(usages: readonly Usage[]): Usage {
  return usages.reduce((a, b) => ({ cpuMs: a.cpuMs + b.cpuMs, rssBytes: a.rssBytes + b.rssBytes }), {
    cpuMs: 0,
    rssBytes: 0,
  });
}

async function readProcess(pid: number): Promise<Usage & { endedCpuMs: number }> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name, in parentheses, may hold spaces. Behind it stands field 3; 14 to 17 are utime, stime, cutime, cstime.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  const rssKiB = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return {
    cpuMs: (user + system) * MS_PER_TICK,
    endedCpuMs: (endedUser + endedSystem) * MS_PER_TICK,
    rssBytes: rssKiB * 1024,
  };
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
