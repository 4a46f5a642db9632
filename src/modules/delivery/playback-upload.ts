import type { PartsTarget } from '../storage/index.js';
import type { CaptureFiles, StoredFragment } from '../footage/index.js';
import { MovieDraft } from '../../mp4/hybrid/movie-draft.js';
import type { ExportPhase } from '../../schema/export-progress.js';
import type { UploadProgress } from '../../schema/upload-progress.js';
import type { PartNeed } from './domain/part-turns.js';
import { UploadStream } from './domain/upload-stream.js';
import type { Completing, SentPart } from './upload.repository.js';

/** The first part of the stream is the second one of the object: the first one holds the head, and is sent last. */
export const FIRST_STREAM_PART = 2;

/**
 * When a recording ends, up to this many parts of unsent footage go up together with the head: in the first part as far as they fit, the
 * rest behind the stream. Sent as full parts of their own, they would leave the first part with little but padding.
 */
const PARTS_WITH_HEAD = 2;
/** A part on its way is given up only if that saves more than this share of a part: the head has to be sent too, and some of the part is there already. */
const WORTH_SHARE = 0.1;
/** Which share of a part on its way is assumed to be unsent when no earlier part tells how long one takes. */
const UNKNOWN_LEFT_SHARE = 0.35;

/** What this process knows of the upload of one playback. */
export class PlaybackUpload {
  readonly stream = new UploadStream();
  /** Of the file that it becomes. */
  readonly draft = new MovieDraft();
  /** Null before the store knows of it. */
  target: PartsTarget | null = null;
  /** Parts 2, 3 … in the store, without a hole. */
  parts: SentPart[] = [];
  completing: Completing | null = null;
  endedAtMs: number | null = null;
  /** What is done for it, once its recording has ended. */
  phase: ExportPhase = 'finding';
  /** Its footage is safe elsewhere. */
  canWait = false;
  /** The store may have parts that are not known here: of an earlier life, of another recorder, or one that was given up. */
  mayHaveMore = false;
  /** Since when a part is on its way to the store, wall clock; null: none is. */
  onWireSinceMs: number | null = null;
  /** How long the last full part took. */
  partTookMs: number | null = null;
  /** Attempts that failed since the last part that went through. */
  failures = 0;
  /** Captures whose rows are up to date, by what was written of them. */
  readonly savedCaptures = new Map<string, string>();
  private readonly early: [CaptureFiles, StoredFragment][] = [];
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

  /** Bytes of the stream that are not. */
  get unsentBytes(): number {
    return Math.max(0, this.stream.sizeBytes - this.sentBytes);
  }

  /** Some of its footage can be seen nowhere else: it was sent by a recorder that is gone. */
  get isOnlyInStore(): boolean {
    return this.stream.entries.some(({ capture }) => capture.dir === '');
  }

  /** There is a part to be sent by itself. */
  get hasFullPart(): boolean {
    const parts = this.endedAtMs === null ? 1 : PARTS_WITH_HEAD;
    return this.isRestored && this.unsentBytes >= parts * this.partSizeBytes;
  }

  /** The recording has ended, and giving up the part on its way, to send its bytes together with the head, costs fewer bytes than finishing it. */
  isBetterGivenUp(nowMs: number): boolean {
    const { onWireSinceMs, partTookMs, partSizeBytes, unsentBytes } = this;
    if (onWireSinceMs === null || this.hasFullPart) return false;
    const leftShare = partTookMs === null ? UNKNOWN_LEFT_SHARE : 1 - (nowMs - onWireSinceMs) / partTookMs;
    const behindShare = unsentBytes / partSizeBytes - 1;
    return leftShare > behindShare + WORTH_SHARE;
  }

  get nextNumber(): number {
    return this.parts.length + FIRST_STREAM_PART;
  }

  get progress(): UploadProgress {
    const { sentBytes, stream, unsentBytes } = this;
    const safeBytes = Math.min(sentBytes, stream.sizeBytes);
    return { safeBytes, pendingBytes: unsentBytes, atRiskBytes: unsentBytes };
  }

  need(): PartNeed {
    const [oldest] = this.stream.overlapping(this.sentBytes, this.sentBytes + 1);
    const atRiskSinceMs = oldest ? oldest.capture.epochMs + oldest.fragment.startMs : Date.now();
    return { canWait: this.canWait, endedAtMs: this.endedAtMs, atRiskSinceMs };
  }

  /** The next part is in the store, and what it holds in the draft. */
  sent(part: SentPart): void {
    this.parts.push(part);
    this.failures = 0;
    this.draft.follow(this.stream.takes());
  }

  /** Takes a fragment of the recording; what an earlier life has sent comes before it. */
  append(capture: CaptureFiles, fragment: StoredFragment): void {
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
    Object.assign(this, { parts, completing: null, mayHaveMore: true });
    const { sentBytes, stream } = this;
    const behind = stream.overlapping(sentBytes, stream.sizeBytes);
    if (behind.every(({ capture }) => capture.dir !== '')) return;
    stream.cut(sentBytes);
    for (const { capture, fragment, moof } of behind) {
      if (capture.dir !== '') stream.append(capture, fragment, moof);
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
