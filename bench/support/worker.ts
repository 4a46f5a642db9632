import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** A file beside this one in a process of its own, which is asked and answers. */
export class Worker<Request> {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private nextId = 1;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (answer: Answer) => this.waiting.get(answer.id)?.(answer));
    child.on('exit', () => {
      for (const [id, resolve] of this.waiting) resolve({ id, error: 'the process that was asked has ended' });
    });
  }

  static start<Request>(file: string): Worker<Request> {
    const path = fileURLToPath(new URL(file, import.meta.url));
    return new Worker(fork(path, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async ask<Result>(request: Request): Promise<Result> {
    const id = this.nextId++;
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ id, request });
    const { result, error } = await answered;
    this.waiting.delete(id);
    if (error !== undefined) throw new Error(error);
    return result as Result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}

/** For the worker: answers each request in turn of its coming, without waiting for the ones before. */
export function answerWith<Request>(answer: (request: Request) => Promise<unknown>): void {
  process.on('message', ({ id, request }: { id: number; request: Request }) => {
    answer(request).then(
      (result) => process.send?.({ id, result } satisfies Answer),
      (error: unknown) => process.send?.({ id, error: describe(error) } satisfies Answer),
    );
  });
  // It outlives Ctrl-C, so that the service can drain, and ends with the benchmark.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
