import type { PartsTarget } from '../../storage/object-store.port.js';
import type { StoredFragment } from '../domain/footage.js';
import type { PartNeed } from '../domain/part-turns.js';
import type { UploadProgress } from '../domain/upload-progress.js';
import { UploadStream } from '../domain/upload-stream.js';
import type { StoredCapture } from '../log/fragment-log.store.js';
import type { Completing, SentPart } from './upload.repository.js';

/** The first part of the stream is the second one of the object: the first one holds the head, and is sent last. */
export const FIRST_STREAM_PART = 2;

/**
 * A recording that ends before a part of it is in the store is sent in its own order, up to so many parts of footage: behind a part of the
 * stream the first part would go up with little but padding in it. What is on the wire is given up for that as long as the whole is hardly
 * more than what is left of it may be.
 */
const PLAIN_PARTS = { waiting: 2, onWire: 1.25 };

/** What this process knows of the upload of one playback. */
export class PlaybackUpload {
  readonly stream = new UploadStream();
  /** Null before the store knows of it. */
  target: PartsTarget | null = null;
  /** Parts 2, 3 … in the store, without a hole. */
  parts: SentPart[] = [];
  completing: Completing | null = null;
  endedAtMs: number | null = null;
  /** Whether an earlier life, or another recorder, has sent some of it. */
  wasRestored = false;
  /** A part is on its way to the store. */
  isOnWire = false;
  /** It goes up in its own order, from the first byte to the last, when it is finalised. */
  isPlain = false;
  /** Attempts that failed since the last part that went through. */
  failures = 0;
  /** Captures whose rows are up to date, by what was written of them. */
  readonly savedCaptures = new Map<string, string>();
  private readonly early: [StoredCapture, StoredFragment][] = [];
  /** Whether what an earlier life has sent is in the stream. */
  isRestored = false;
  private wake: (() => void) | null = null;

  constructor(
    readonly playbackId: string,
    /** As it was when the upload began, whatever the settings say later. */
    public partSizeBytes: number,
  ) {}

  /** Bytes of the stream that are in the store. */
  get sentBytes(): number {
    return this.parts.length * this.partSizeBytes;
  }

  get hasFullPart(): boolean {
    return this.isRestored && !this.isPlain && this.stream.sizeBytes - this.sentBytes >= this.partSizeBytes;
  }

  /** It has ended, and nothing of it is in the store that would have to be built upon: to send it in its own order is less. */
  get isHardlyBegun(): boolean {
    const parts = PLAIN_PARTS[this.isOnWire ? 'onWire' : 'waiting'];
    return this.hasFullPart && this.parts.length === 0 && this.stream.sizeBytes < parts * this.partSizeBytes;
  }

  get nextNumber(): number {
    return this.parts.length + FIRST_STREAM_PART;
  }

  get progress(): UploadProgress {
    const pendingBytes = Math.max(0, this.stream.sizeBytes - this.sentBytes);
    return { safeBytes: Math.min(this.sentBytes, this.stream.sizeBytes), pendingBytes, atRiskBytes: pendingBytes };
  }

  need(): PartNeed {
    const [oldest] = this.stream.overlapping(this.sentBytes, this.sentBytes + 1);
    const atRiskSinceMs = oldest ? oldest.capture.epochMs + oldest.fragment.startMs : Date.now();
    return { endedAtMs: this.endedAtMs, atRiskSinceMs };
  }

  /** Takes a fragment of the recording; what an earlier life has sent comes before it. */
  append(capture: StoredCapture, fragment: StoredFragment): void {
    if (!this.isRestored) this.early.push([capture, fragment]);
    else this.stream.append(capture, fragment);
    if (this.hasFullPart) this.changed();
  }

  /** What was sent before is in the stream; what came meanwhile follows. */
  restored(): void {
    this.isRestored = true;
    for (const [capture, fragment] of this.early.splice(0)) this.stream.append(capture, fragment);
    this.changed();
  }

  /** The store knows nothing of it any more: everything that can be read is sent again. */
  startAgain(): void {
    const readable = this.stream.entries.filter(({ capture }) => capture.dir !== '');
    this.stream.cut(0);
    for (const { capture, fragment, moof } of readable) this.stream.append(capture, fragment, moof);
    this.target = null;
    this.parts = [];
    this.completing = null;
    this.savedCaptures.clear();
  }

  /** Only these parts are in the store as they were sent; what can be read of the rest follows them again. */
  keep(parts: SentPart[]): void {
    Object.assign(this, { parts, completing: null, wasRestored: true });
    const { sentBytes, stream } = this;
    const behind = stream.overlapping(sentBytes, stream.sizeBytes);
    if (behind.every(({ capture }) => capture.dir !== '')) return;
    stream.cut(sentBytes);
    for (const { capture, fragment, moof } of behind) {
      if (capture.dir !== '') stream.append(capture, fragment, moof);
      else capture.fragments.splice(capture.fragments.indexOf(fragment), 1);
    }
  }

  changed(): void {
    this.wake?.();
  }

  /** Resolves at the next change. */
  async nextChange(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
    this.wake = null;
  }
}
