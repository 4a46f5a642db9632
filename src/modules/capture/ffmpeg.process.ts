import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { listSockets, readTcpTables } from '../../common/process-table.js';
import { type FfmpegProgress, ProgressParser } from '../../ffmpeg/domain/ffmpeg-progress.js';
import { LineSplitter } from '../../ffmpeg/domain/line-splitter.js';
import { sumUnreadBytes } from '../../ffmpeg/domain/tcp-table.js';
import { spawnFfmpeg } from '../../ffmpeg/ffmpeg-spawn.process.js';
import type { FfmpegCommand } from './domain/ffmpeg-args.js';

/** FFmpeg repeats itself endlessly on a bad stream: only its last words matter. */
const STDERR_LINES = 30;
const STDERR_LINE_LENGTH = 500;

export interface FfmpegOwner {
  /** The recorder that it belongs to, by which a later start finds it. */
  nodeId?: string | null;
  /** Takes the secrets of what it reads out of its words. */
  mask?: (text: string) => string;
}

export interface FfmpegExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It could not be started at all. */
  spawnError: Error | null;
  /** The last lines, secrets masked. */
  stderr: string[];
}

/**
 * One run of FFmpeg. Its exit code says nothing about success (a lost camera ends it with 0): whoever asked for the end knows.
 * It dies with this process: at once where the kernel can be asked for that, else at its next write, since its pipe breaks.
 */
export class FfmpegProcess {
  readonly exited: Promise<FfmpegExit>;
  progress: FfmpegProgress | null = null;
  /** Called with each line on its standard error, secrets masked. @returns whether it is kept for `exited` */
  onLine: ((line: string) => boolean) | null = null;
  private readonly child: ChildProcess;
  private readonly stderr: string[] = [];
  private stopping: Promise<FfmpegExit> | undefined;

  private readonly mask: (text: string) => string;

  constructor(
    path: string,
    { args, stdin }: FfmpegCommand,
    { nodeId = null, mask = (text) => text }: FfmpegOwner = {},
  ) {
    this.mask = mask;
    this.child = spawnFfmpeg(path, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] }, nodeId);
    this.exited = this.watch();
    this.child.stdin?.on('error', () => undefined); // an early exit shows in `exited`
    this.child.stdin?.end(stdin ?? '');
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get stdout(): Readable {
    return this.child.stdout!;
  }

  /** The file of encoded sound, when the command makes one. */
  get sound(): Readable {
    return this.child.stdio[4] as Readable;
  }

  /** Whether it has not read yet all that has come for it: it is stopped, gets no processor time, or waits for us to read. */
  get isBehind(): boolean {
    return this.pid !== undefined && sumUnreadBytes(readTcpTables(this.pid), listSockets(this.pid)) > 0;
  }

  /** SIGINT once (a second one would make it quit without finishing its file), SIGKILL after `timeoutMs`. */
  stop(timeoutMs: number): Promise<FfmpegExit> {
    this.stopping ??= this.interrupt(timeoutMs);
    return this.stopping;
  }

  /** For a process that does not answer any more. */
  kill(): Promise<FfmpegExit> {
    this.child.kill('SIGKILL');
    return this.exited;
  }

  private async interrupt(timeoutMs: number): Promise<FfmpegExit> {
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  private watch(): Promise<FfmpegExit> {
    const parser = new ProgressParser();
    const progress = this.child.stdio[3] as Readable | null;
    progress?.on('data', (chunk: Buffer) => (this.progress = parser.push(chunk.toString('latin1')) ?? this.progress));
    progress?.on('error', () => undefined); // ends with the process
    this.child.stdio[4]?.on('error', () => undefined);
    const splitter = new LineSplitter();
    this.child.stderr?.setEncoding('utf8');
    this.child.stderr?.on('data', (text: string) => {
      for (const line of splitter.push(text)) this.keep(line);
    });
    return new Promise((resolve) => {
      const done = (code: number | null, signal: NodeJS.Signals | null, spawnError: Error | null) => {
        this.keep(splitter.end());
        resolve({ code, signal, spawnError, stderr: [...this.stderr] });
      };
      this.child.once('error', (error) => done(null, null, error));
      this.child.once('close', (code, signal) => done(code, signal, null));
    });
  }

  private keep(line: string): void {
    // Masked before it is cut: half a secret would not be known again.
    const text = this.mask(line.trim()).slice(0, STDERR_LINE_LENGTH);
    if (!text || this.onLine?.(text) === false) return;
    this.stderr.push(text);
    if (this.stderr.length > STDERR_LINES) this.stderr.shift();
  }
}
