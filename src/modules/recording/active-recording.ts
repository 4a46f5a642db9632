import type { PlaybackKind } from '../../schema/playback-state.js';
import { streamOf } from '../../schema/playback.entity.js';
import type { StreamId } from '../../schema/stream-id.js';
import type { StoredFragment } from '../footage/index.js';
import type { CaptureFailure } from '../capture/index.js';
import type { Span } from '../../schema/ledger.js';
import type { OpenRecording } from './due-recordings.repository.js';
import { nextPhase, type PhaseEvent, type RecordingPhase } from './domain/recording-phase.js';

/** What the recorder knows of a recording that it runs. */
export class ActiveRecording {
  readonly playbackId: string;
  /** What it is recorded from. */
  readonly stream: StreamId;
  readonly kind: PlaybackKind;
  readonly triggeredAtMs: number;
  rangeStartMs: number;
  /** The dead-man limit as it was when this recorder took it up. */
  private readonly deadlineMs: number | null;
  /** Recorders that may hold footage of it, this one aside. */
  readonly footageNodes: readonly string[];
  /** It was being recorded before this recorder took it up: by another one, or by an earlier life of this one. */
  readonly resumed: boolean;
  bytes = 0;
  durationMs = 0;
  frames = 0;
  /** Wall-clock end of the footage so far; null before the first fragment. */
  footageEndMs: number | null = null;
  /** Up to then all pictures are there: behind it some lean on what is still to come. */
  wholeUntilMs: number | null = null;
  /** Of the newest fragment: how long after its end, on the clock of its capture, it came, and how much of its end leans on what is to come. */
  newest = { lateMs: 0, leanMs: 0 };
  /** When its capture last gave footage that belongs to it, by the monotonic clock; null: it has given none here. */
  takenAtMs: number | null = null;
  /** The last failure since there was footage. */
  lastFailure: CaptureFailure | null = null;
  failedAtMs: number | null = null;
  /** Settles when the row says RECORDING; never rejects. */
  begun: Promise<void> | null = null;
  /** Others had all slots when this recorder first saw it. */
  waitedForSlot = false;
  private state: RecordingPhase = 'follows';
  private lastTaken: { captureId: string; fragment: StoredFragment } | null = null;
  private askedEndMs: number | null = null;
  /** The end of a first fragment that came after the end of a short event. */
  private extendedEndMs = -Infinity;
  private wake: (() => void) | null = null;

  /**
   * @param openedAtMs when this recorder took it up
   * @param nodeId this recorder
   */
  constructor(
    playback: OpenRecording,
    readonly openedAtMs: number,
    nodeId: string,
  ) {
    this.playbackId = playback.id;
    this.stream = streamOf(playback);
    this.kind = playback.kind;
    this.deadlineMs = playback.deadlineAt?.getTime() ?? null;
    this.triggeredAtMs = playback.createdAt.getTime();
    this.rangeStartMs = playback.rangeStartAt?.getTime() ?? this.triggeredAtMs;
    this.askedEndMs = playback.rangeEndAt?.getTime() ?? null;
    this.footageNodes = playback.footageNodes.filter((id) => id !== nodeId);
    this.resumed = playback.recordingStatus === 'RECORDING' || (playback.nodeId !== null && playback.nodeId !== nodeId);
  }

  get cameraId(): string {
    return this.stream.cameraId;
  }

  get phase(): RecordingPhase {
    return this.state;
  }

  get isAbandoned(): boolean {
    return this.state === 'abandoned';
  }

  /** Null while nobody has ended it. */
  get rangeEndMs(): number | null {
    return this.askedEndMs === null ? null : Math.max(this.askedEndMs, this.extendedEndMs);
  }

  /**
   * Until when it is known to go on, so that a camera that gives nothing is waited for; null: an event may end at any moment. What a person
   * or a schedule asked for goes on until its end, or its dead-man limit.
   */
  get endsMs(): number | null {
    return this.kind === 'event' ? null : (this.rangeEndMs ?? this.deadlineMs);
  }

  /** There is nothing of the event itself, at most what was kept from before its trigger. A range that ended before that wants no more. */
  get lacksEvent(): boolean {
    if (this.footageEndMs === null) return true;
    return this.footageEndMs <= this.triggeredAtMs && (this.rangeEndMs ?? Infinity) > this.triggeredAtMs;
  }

  /** The range as the row has it: closed, closed earlier, or open again since another event has joined, which may reach back further. */
  setRange(rangeStartMs: number, rangeEndMs: number | null): void {
    this.rangeStartMs = rangeStartMs;
    if (rangeEndMs === this.askedEndMs) return;
    this.askedEndMs = rangeEndMs;
    this.move('goOn');
    this.changed();
  }

  /** The row is gone, finished or another recorder's. */
  abandon(): void {
    this.move('abandon');
    this.changed();
  }

  /** Its demand on the camera is given back. */
  release(): void {
    this.move('release');
  }

  /** It needs the camera again: another event has joined. */
  demand(): void {
    this.move('demand');
  }

  /**
   * Takes a fragment if it belongs to the range. The first one of the event is taken also when it lies behind the end of a short event;
   * the range is then extended to hold it.
   * @param span of the fragment, wall clock; what a capture gives later may move it back
   */
  add(fragment: StoredFragment, span: Span, captureId: string): 'first' | 'more' | 'foreign' {
    const first = this.footageEndMs === null;
    const last = this.lastTaken?.captureId === captureId ? this.lastTaken.fragment : null;
    const isOld = last ? fragment.startMs <= last.startMs : span.endMs <= (this.footageEndMs ?? this.rangeStartMs);
    if (isOld) return 'foreign';
    const { leanMs = 0 } = fragment;
    if (this.rangeEndMs !== null && span.startMs - leanMs >= this.rangeEndMs) {
      if (!this.lacksEvent) return this.pass();
      this.extendedEndMs = Math.ceil(span.endMs - leanMs);
    }
    this.lastTaken = { captureId, fragment };
    this.move('goOn');
    this.footageEndMs = span.endMs;
    this.wholeUntilMs = span.endMs - leanMs;
    this.bytes += fragment.sizeBytes;
    this.durationMs += fragment.durationMs;
    this.frames += fragment.frames;
    this.lastFailure = null;
    this.failedAtMs = null;
    this.changed();
    return first ? 'first' : 'more';
  }

  private pass(): 'foreign' {
    this.move('pass');
    this.changed();
    return 'foreign';
  }

  private move(event: PhaseEvent): void {
    this.state = nextPhase(this.state, event);
  }

  /** Footage up to then is in the store, though nothing of it can be seen from here. */
  isSafeUntil(endMs: number): void {
    this.footageEndMs ??= endMs;
    this.wholeUntilMs ??= endMs;
  }

  fail(failure: CaptureFailure, nowMs: number): void {
    this.lastFailure = failure;
    if (!failure.wasKilled && !failure.triesOtherwise) this.failedAtMs = nowMs;
    this.changed();
  }

  /** Something happened that may change the next step. */
  changed(): void {
    this.wake?.();
  }

  /** Resolves at the next change, or at `untilMs`. */
  async nextChange(untilMs: number | null, nowMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = untilMs === null ? undefined : setTimeout(resolve, Math.max(0, untilMs - nowMs));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = null;
  }
}
