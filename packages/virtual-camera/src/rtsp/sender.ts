import type { Clip } from '../clip/clip.js';
import type { Pace } from '../pace.js';
import { planPace } from '../pace.js';
import { unitsBySize } from './other-size.js';
import { frameOf, loopOf, soundClock, unitAt, videoClock } from './track-clock.js';
import type { SenderTimeline, TrackPosition } from './track-cursor.js';
import { TrackCursor } from './track-cursor.js';

const REPORT_INTERVAL_SEC = 5;

/** Where one track of the session is; `index` is the track's place in the SDP. */
export interface SenderPosition extends TrackPosition {
  index: number;
}

export type StartAt = 'next-key-frame' | 'latest-key-frame';

/** A video frame on its way out. */
export interface SentFrame {
  /** What the picture shows. */
  counter: number;
  /** How many times the clip was through when this frame was taken. */
  loop: number;
  /** Number of the frame since the camera's start, through all loops. */
  frame: number;
  keyFrame: boolean;
  sentAtMs: number;
  /** Packets of the frame that a fault has held back. */
  packetsLost: number;
  /** No key frame has been sent before it, so that nobody can read it. */
  isOrphan?: true;
}

/** The media of one session: follows the camera's timeline and makes the bytes that are due. */
export class MediaSender {
  private readonly cursors: { index: number; cursor: TrackCursor }[] = [];
  private reportDueAtMs = 0;
  private hasSought = false;
  private hasKeyFrame = false;
  /** When the session began and when its sound ends, from the camera's start. */
  private beganMs = 0;
  private soundEndMs = Infinity;
  private readonly pace: Pace;

  constructor(
    private readonly clip: Clip,
    private readonly timeline: SenderTimeline,
    private readonly onFrame: (frame: SentFrame) => void,
  ) {
    this.pace = planPace((clip.loopLength * 1000) / clip.loopMs, timeline.oddities);
  }

  addTrack(index: number, channel: number): void {
    const { clip, timeline, pace } = this;
    const track = clip.tracks[index];
    if (!track) throw new RangeError(`No track ${index}`);
    // A track that is only announced.
    if (track.units.length === 0) return;
    const isVideo = track.kind === 'video';
    const clock = isVideo ? videoClock(track, clip, pace, timeline.oddities) : soundClock(track, clip);
    const unitOf = isVideo && clip.otherSize ? unitsBySize(track, clip.otherSize, pace, timeline.oddities) : undefined;
    this.cursors.push({ index, cursor: new TrackCursor(track, channel, clock, timeline, unitOf) });
  }

  /** Puts all tracks where a client begins to see the camera; returns where each track begins. */
  seek(nowMs: number, startAt: StartAt): SenderPosition[] {
    const { faults, oddities, startedAtMs } = this.timeline;
    const now = nowMs - startedAtMs;
    // Sound and pictures are apart at PLAY only: after a stall both go on.
    const soundLateMs = this.hasSought ? 0 : (oddities.soundStartSec ?? 0) * 1000;
    const beginMs = this.findBegin(now, startAt);
    const videoMs = soundLateMs < 0 ? this.findBegin(beginMs - soundLateMs - 0.5, 'next-key-frame') : beginMs;
    const soundMs = (faults.soundFirst ? now : beginMs) + Math.max(0, soundLateMs);
    if (!this.hasSought) this.begin(now, beginMs);
    for (const { cursor } of this.cursors) {
      if (cursor.track.kind === 'video') cursor.seek(videoMs - 0.5);
      else cursor.seek(soundMs, this.soundEndMs);
    }
    this.hasKeyFrame = false;
    this.reportDueAtMs = nowMs + faults.firstReportDelayMs;
    return this.position();
  }

  /** Sequence number and timestamp of each track's next packet, or of the instant at which the session began. */
  position(): SenderPosition[] {
    const isOneInstant = this.timeline.oddities.rtpInfo === 'play-time';
    return this.cursors.map(({ index, cursor }) => ({
      index,
      ...cursor.position,
      ...(isOneInstant ? { timestamp: cursor.timestampAt(this.beganMs) } : {}),
    }));
  }

  /** All bytes that are due by now, as they go over the connection; undefined when there are none. */
  takeDue(nowMs: number): Buffer | undefined {
    const chunks = nowMs >= this.reportDueAtMs ? this.takeReports(nowMs) : [];
    for (let cursor = this.earliest(); cursor; cursor = this.earliest()) {
      if (this.timeline.startedAtMs + cursor.nextDueMs > nowMs) break;
      chunks.push(this.takeUnit(cursor, nowMs));
    }
    return chunks.length > 1 ? Buffer.concat(chunks) : chunks[0];
  }

  private findBegin(ms: number, startAt: StartAt): number {
    const video = this.cursors.find(({ cursor }) => cursor.track.kind === 'video')?.cursor;
    if (!video || this.timeline.oddities.startsAnywhere) return ms;
    return video.findKeyFrame(ms, startAt === 'next-key-frame' ? 1 : -1);
  }

  private begin(now: number, beginMs: number): void {
    const { soundNever, soundStopSec, rtpWrapSec } = this.timeline.oddities;
    this.hasSought = true;
    this.beganMs = beginMs;
    this.soundEndMs = soundNever ? 0 : now + (soundStopSec ?? Infinity) * 1000;
    if (rtpWrapSec !== null) for (const { cursor } of this.cursors) cursor.wrapAt(beginMs + rtpWrapSec * 1000);
  }

  private earliest(): TrackCursor | undefined {
    const [first, second] = this.cursors.map(({ cursor }) => cursor);
    if (!first || !second) return first;
    return second.nextDueMs < first.nextDueMs ? second : first;
  }

  private takeUnit(cursor: TrackCursor, nowMs: number): Buffer {
    const { track } = cursor;
    const { index, sent, packetsLost } = cursor.take();
    if (track.kind === 'video') {
      const { counter, keyFrame } = unitAt(track, index);
      this.hasKeyFrame ||= keyFrame;
      this.onFrame({
        ...{ counter, loop: loopOf(track, index), frame: frameOf(this.clip, track, index), keyFrame },
        ...{ sentAtMs: nowMs, packetsLost, ...(this.hasKeyFrame ? {} : { isOrphan: true }) },
      });
    }
    return sent;
  }

  private takeReports(nowMs: number): Buffer[] {
    const { faults, oddities } = this.timeline;
    this.reportDueAtMs = nowMs + (oddities.reportEverySec ?? REPORT_INTERVAL_SEC) * 1000;
    const cursors = faults.soundFirst ? this.cursors.toReversed() : this.cursors;
    const reported = cursors.filter(({ cursor }) => this.reportsOn(cursor));
    return reported.map(({ cursor }) => {
      const aheadSec = faults.clockJumpSec + (cursor.track.kind === 'video' ? 0 : faults.soundClockAheadSec);
      return cursor.report(nowMs, nowMs + aheadSec * 1000);
    });
  }

  private reportsOn({ track: { kind } }: TrackCursor): boolean {
    const { reports, soundNever } = this.timeline.oddities;
    if (kind === 'audio' && soundNever) return false;
    return reports === null || reports === (kind === 'video' ? 'video' : 'sound');
  }
}
