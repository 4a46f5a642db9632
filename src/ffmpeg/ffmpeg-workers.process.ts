import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { spawnFfmpeg } from './ffmpeg-spawn.process.js';

const STDERR_BYTES = 4_000;
const READ_AHEAD_BYTES = 1 << 20;

/** Bytes for standard input, then for file descriptor 3. */
export type Inputs = readonly [AsyncIterable<Buffer>, ...AsyncIterable<Buffer>[]];

/**
 * FFmpegs that work on stored footage together. They leave the processor to captures, and hold no more of the footage than their pipes.
 * `end` kills those that are left: footage that does not come any more must not keep them.
 */
export class FfmpegWorkers {
  private readonly stopping = new AbortController();
  private readonly exits = new Set<Promise<unknown>>();

  constructor(
    private readonly ffmpeg: { path: string; nodeId: string | null },
    private readonly signal?: AbortSignal,
  ) {}

  /** Feeds an FFmpeg that writes a file; rejects when either fails, and at once when it is aborted. */
  async run(args: readonly string[], inputs: Inputs): Promise<void> {
    await this.start(args, inputs, 'ignore').done;
  }

  /** Feeds an FFmpeg and gives what it writes to its standard output; throws when either fails. */
  async *read(args: readonly string[], input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { child, done } = this.start(args, [input], 'pipe');
    try {
      for await (const chunk of child.stdout!) yield chunk as Buffer;
      await done;
    } finally {
      child.kill('SIGKILL');
      done.catch(() => undefined); // whoever stopped reading knows why
    }
  }

  /** Kills what still runs; resolves when all are gone. */
  async end(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.exits);
  }

  private start(args: readonly string[], inputs: Inputs, stdout: 'pipe' | 'ignore') {
    const signal = this.signal ? AbortSignal.any([this.signal, this.stopping.signal]) : this.stopping.signal;
    const stdio = ['pipe' as const, stdout, 'pipe' as const, ...inputs.slice(1).map(() => 'pipe' as const)];
    const { path, nodeId } = this.ffmpeg;
    const child = spawnFfmpeg(path, args, { stdio, signal, killSignal: 'SIGKILL' }, nodeId);
    stepBack(child);
    const exited = watch(child);
    this.exits.add(exited);
    const fed = Promise.all(inputs.map((input, index) => feed(input, stdinOf(child, index))));
    return { child, done: settle(exited, fed, signal) };
  }
}

/** Threads are started with the priority that is set now: it has read nothing yet. */
function stepBack({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, which shows in its exit.
  }
}

interface Exit {
  code: number | null;
  error: Error | undefined;
  stderr: string;
}

function watch(child: ChildProcess): Promise<Exit> {
  let stderr = '';
  let error: Error | undefined;
  child.stderr!.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-STDERR_BYTES)));
  child.once('error', (cause) => (error = cause));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, error, stderr: stderr.trim() })));
}

/** The second input has the first file descriptor that is not standard. */
function stdinOf({ stdio }: ChildProcess, index: number): Writable {
  return stdio[index === 0 ? 0 : index + 2] as Writable;
}

function feed(input: AsyncIterable<Buffer>, into: Writable): Promise<Error | undefined> {
  return pipeline(Readable.from(input, { objectMode: false, highWaterMark: READ_AHEAD_BYTES }), into).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}

async function settle(exited: Promise<Exit>, fed: Promise<(Error | undefined)[]>, signal: AbortSignal): Promise<void> {
  const { code, error, stderr } = await exited;
  if (error) throw error;
  signal.throwIfAborted(); // a disk that does not answer may keep an input for good
  if (code !== 0) throw new Error(stderr || `FFmpeg exited with ${code}`);
  const feedError = (await fed).find((each) => each !== undefined);
  if (feedError) throw feedError;
}
