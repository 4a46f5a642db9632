import { readdir, readFile, readlink } from 'node:fs/promises';

export interface LabProcess {
  pid: number;
  commandLine: string;
}

/** Processes that carry `mark` in their environment or command line; this one and `except` left out. PostgreSQL overwrites its environment. */
export async function findMarked(mark: string, except: readonly number[] = []): Promise<LabProcess[]> {
  const left = [process.pid, ...except];
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && !left.includes(pid));
  const found = await Promise.all(pids.map((pid) => look(pid, mark)));
  return found.filter((each) => each !== null);
}

async function look(pid: number, mark: string): Promise<LabProcess | null> {
  try {
    const [environment, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/environ`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // One that has ended and waits for its parent has neither.
    const marked = environment.includes(mark) || commandLine.includes(mark);
    return marked && commandLine !== '' ? { pid, commandLine: commandLine.split('\0').join(' ').trim() } : null;
  } catch {
    return null; // it has ended meanwhile
  }
}

/** An FFmpeg that records a camera, not one that assembles a file: it tells its progress on a pipe. */
export function isCapture({ commandLine }: LabProcess): boolean {
  return /^\S*ffmpeg /.test(commandLine) && commandLine.includes('-progress pipe:3');
}

/** Ports to which a process has TCP connections over IPv4: which camera an FFmpeg records stands nowhere else. */
export async function remotePorts(pid: number): Promise<number[]> {
  try {
    const descriptors = await readdir(`/proc/${pid}/fd`);
    const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
    const rows = (await readFile(`/proc/${pid}/net/tcp`, 'utf8')).trim().split('\n').slice(1);
    const fields = rows.map((row) => row.trim().split(/\s+/));
    // https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt: remote address and port in hex, inode tenth.
    return fields
      .filter((row) => inodes.has(row[9] ?? ''))
      .map((row) => Number.parseInt(row[2]?.split(':')[1] ?? '', 16));
  } catch {
    return []; // it has ended meanwhile
  }
}

/** Ends a process at once. @returns whether it was there */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
