import type { FileHandle } from 'node:fs/promises';
import { syncDir } from './files.store.js';

export type SyncedFile = Pick<FileHandle, 'datasync' | 'close'>;

/**
 * Brings what a capture writes to stable storage behind the back of its appends: one sync at a time, begun at most `delayMs` after the
 * oldest bytes that it covers. What the disk says against it is told to whoever asks next.
 */
export class CaptureSync {
  private readonly dirty = new Set<SyncedFile>();
  private readonly ended = new Map<SyncedFile, () => Promise<void>>();
  private hasNewFile = false;
  private staleMeta = false;
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private failure: { error: unknown } | null = null;

  constructor(
    private readonly dir: string,
    private readonly delayMs: number,
    private readonly writeMeta: () => Promise<void>,
  ) {}

  /** Bytes were appended to `file`. */
  wrote(file: SyncedFile): void {
    this.dirty.add(file);
    this.schedule();
  }

  /** A file has come into the capture's folder. */
  created(): void {
    this.hasNewFile = true;
  }

  /**
   * Nothing more is appended to `file`: it is closed once it is safe.
   * @param whenSafe is done before that; it may fail
   */
  end(file: SyncedFile, whenSafe: () => Promise<void> = async () => undefined): void {
    this.ended.set(file, whenSafe);
    this.schedule();
  }

  /** `capture.json` is out of date; it is written at once, since no other file says what it says. */
  changedMeta(): void {
    this.staleMeta = true;
    void this.start();
  }

  /** @throws what a sync has met since the last call */
  throwIfFailed(): void {
    const { failure } = this;
    this.failure = null;
    if (failure) throw failure.error;
  }

  /** Resolves when all that was written is safe and every ended file is closed. */
  async drain(): Promise<void> {
    while (this.running) await this.running;
    while (this.hasWork) await this.start();
    this.stopTimer();
    this.throwIfFailed();
  }

  private get hasWork(): boolean {
    return this.dirty.size > 0 || this.ended.size > 0 || this.staleMeta || this.hasNewFile;
  }

  private schedule(): void {
    if (this.running || this.timer) return;
    if (this.delayMs === 0) void this.start();
    else this.timer = setTimeout(() => void this.start(), this.delayMs);
  }

  private start(): Promise<void> {
    if (this.running) return this.running; // looks for more when it has ended
    this.stopTimer();
    this.running = this.sync()
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => {
        this.running = null;
        if (this.staleMeta) void this.start();
        else if (this.hasWork) this.schedule();
      });
    return this.running;
  }

  private async sync(): Promise<void> {
    const [files, ended] = [[...this.dirty], [...this.ended]];
    const { staleMeta, hasNewFile } = this;
    this.dirty.clear();
    this.ended.clear();
    this.staleMeta = this.hasNewFile = false;
    try {
      for (const file of files) await file.datasync();
      if (hasNewFile) await syncDir(this.dir);
      if (staleMeta) await this.writeMeta();
      // A note that could not be made is made by the next start.
      for (const [, whenSafe] of ended) await whenSafe().catch(() => undefined);
    } finally {
      for (const [file] of ended) await file.close();
    }
  }

  private stopTimer(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }
}
