import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as Linux describes it. */
export interface RunningProcess {
  pid: number;
  parentPid: number;
  /** The name of the program, cut to 15 characters. */
  name: string;
  /** The boot and the tick that it was started in: with the pid it names one process for good, although pids are used again. */
  startedAt: string;
}

/** Every pid there is; empty where there is no /proc. Everything here is read at once, so that a pid cannot change hands in between. */
export function listPids(): number[] {
  const names = read(() => readdirSync('/proc')) ?? [];
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Null: there is no such process, or it has ended and its parent has not looked yet. */
export function readProcess(pid: number): RunningProcess | null {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (!stat) return null;
  // The name stands in parentheses and may hold some itself. See proc(5) for the rest.
  const nameEnd = stat.lastIndexOf(')');
  const fields = stat.slice(nameEnd + 2).split(' ');
  const [state = '', parentPid] = fields;
  if ('ZXx'.includes(state)) return null;
  const name = stat.slice(stat.indexOf('(') + 1, nameEnd);
  return { pid, parentPid: Number(parentPid), name, startedAt: `${readBootId()}/${fields[19]}` };
}

let bootId: string | undefined;

function readBootId(): string {
  bootId ??= read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? '';
  return bootId;
}

/** The arguments, the program's own name first; empty when they cannot be read. */
export function readCommandLine(pid: number): string[] {
  return (read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0');
}

/** `NAME=value` of what it was started with; empty when it cannot be read, or is another user's. */
export function readEnvironment(pid: number): string[] {
  return (read(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? '').split('\0');
}

/** Numbers of the sockets that it has open; empty when they cannot be read. */
export function listSockets(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const names = read(() => readdirSync(folder)) ?? [];
  const links = names.map((name) => read(() => readlinkSync(`${folder}/${name}`)) ?? '');
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** The TCP connections of its network, its own among them, as the kernel lists them; empty when they cannot be read. */
export function readTcpTables(pid: number): string {
  const read4And6 = ['tcp', 'tcp6'].map((name) => read(() => readFileSync(`/proc/${pid}/net/${name}`, 'latin1')));
  return read4And6.map((table) => table ?? '').join('');
}

/** @returns false when there was no such process any more, or it is not ours to signal */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  return read(() => process.kill(pid, name)) ?? false;
}

function read<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null; // it has ended, it is another user's, or this is no Linux
  }
}
