import type { Pace } from './pace.js';
import { constantPace } from './pace.js';
import type { SentRun } from './sent-ranges.js';
import { SentRunLog } from './sent-ranges.js';
import type { SentFrame } from './rtsp/sender.js';
import type { SessionStats } from './session-stats.js';

const CLOSED_SESSIONS_KEPT = 1000;
/** Of all sessions together; one run is what was sent without a break, or between two lost packets. */
const RUNS_KEPT = 20_000;
const RUNS_FORGOTTEN_AT_ONCE = 1000;

/** Frames sent one after the other, with the instants at which the first and the last were taken. */
export interface SentRange extends SentRun {
  firstTakenAtMs: number;
  lastTakenAtMs: number;
}

/** What went to one session: while it was open, a client was there to hear it. */
export interface SentSession {
  id: string;
  stream: string;
  fps: number;
  /** The picture of a frame shows `frame % loopLength`. */
  loopLength: number;
  openedAtMs: number;
  closedAtMs: number | null;
  closedBy: SessionStats['closedBy'];
  /** As in SessionStats. */
  unflushedFrames: number[];
  ranges: SentRange[];
}

export interface SentReport {
  /** When frame 0 was taken; frame n was taken n / fps seconds later, unless the rate goes by a schedule. */
  startedAtMs: number;
  /** What was sent before has been forgotten; null: all is known. */
  forgottenBeforeMs: number | null;
  sessions: SentSession[];
}

/** Which frames a report is about, by the instant at which they were taken: from `fromMs`, before `toMs`. */
export interface SentPeriod {
  fromMs?: number;
  toMs?: number;
}

/** What the history holds of one session. */
export interface SessionRecord {
  stats: SessionStats;
  fps: number;
  loopLength: number;
  pace: Pace;
  log: SentRunLog;
}

/** Which frames went to which session, for hours, in bounded memory. */
export class SentHistory {
  private records: SessionRecord[] = [];
  private runs = 0;
  private forgottenBeforeMs: number | null = null;

  constructor(private readonly startedAtMs: number) {}

  get sessions(): SessionStats[] {
    return this.records.map(({ stats }) => stats);
  }

  /** `pace` is left out for a camera of constant rate. */
  open(stats: SessionStats, clip: { fps: number; loopLength: number; pace?: Pace }): SessionRecord {
    const record = { stats, pace: constantPace(clip.fps), ...clip, log: new SentRunLog() };
    this.records.push(record);
    return record;
  }

  /** Forgets the oldest closed sessions when there are too many. */
  trimSessions(): void {
    const closed = this.records.filter(({ stats }) => stats.closedAt !== null);
    for (const record of closed.slice(0, Math.max(0, closed.length - CLOSED_SESSIONS_KEPT))) {
      this.records.splice(this.records.indexOf(record), 1);
      this.runs -= record.log.runs.length;
      this.forgetBefore(record.stats.closedAt?.getTime() ?? 0);
    }
  }

  add(record: SessionRecord, frame: SentFrame): { damaged: boolean } {
    const { runs } = record.log;
    const before = runs.length;
    const added = record.log.add(frame.frame, frame.sentAtMs - this.takenAtMs(record, frame.frame), frame);
    this.runs += runs.length - before;
    if (this.runs > RUNS_KEPT) this.trimRuns();
    return added;
  }

  read({ fromMs = -Infinity, toMs = Infinity }: SentPeriod = {}): SentReport {
    const heard = this.records.filter(
      ({ stats }) => stats.openedAt.getTime() < toMs && (stats.closedAt?.getTime() ?? Infinity) >= fromMs,
    );
    const sessions = heard.map((record): SentSession => {
      const { id, stream, openedAt, closedAt, closedBy, unflushedFrames } = record.stats;
      const { fps, loopLength } = record;
      const times = { openedAtMs: openedAt.getTime(), closedAtMs: closedAt?.getTime() ?? null };
      const ranges = this.cut(record, fromMs, toMs);
      return { id, stream, fps, loopLength, ...times, closedBy, unflushedFrames: [...unflushedFrames], ranges };
    });
    return { startedAtMs: this.startedAtMs, forgottenBeforeMs: this.forgottenBeforeMs, sessions };
  }

  private cut(record: SessionRecord, fromMs: number, toMs: number): SentRange[] {
    const frameAt = (ms: number) => Math.ceil(record.pace.frameAt(ms - this.startedAtMs) - 1e-6);
    return record.log.runs
      .map((run) => ({
        ...run,
        firstFrame: Math.max(run.firstFrame, frameAt(fromMs)),
        lastFrame: Math.min(run.lastFrame, frameAt(toMs) - 1),
      }))
      .filter(({ firstFrame, lastFrame }) => firstFrame <= lastFrame)
      .map((run) => ({
        ...run,
        firstTakenAtMs: this.takenAtMs(record, run.firstFrame),
        lastTakenAtMs: this.takenAtMs(record, run.lastFrame),
      }));
  }

  private takenAtMs({ pace }: SessionRecord, frame: number): number {
    return this.startedAtMs + pace.msOf(frame);
  }

  private trimRuns(): void {
    const oldest = this.records.find(({ log }) => log.runs.length > 0);
    if (!oldest) return;
    const forgotten = oldest.log.runs.splice(0, RUNS_FORGOTTEN_AT_ONCE);
    this.runs -= forgotten.length;
    const last = forgotten.at(-1);
    if (last) this.forgetBefore(this.takenAtMs(oldest, last.lastFrame + 1));
  }

  private forgetBefore(ms: number): void {
    this.forgottenBeforeMs = Math.max(this.forgottenBeforeMs ?? 0, ms);
  }
}
