import type { Clip } from './clip/clip.js';
import { constantPace } from './pace.js';
import type { SentFrame } from './rtsp/sender.js';
import type { SessionRecord } from './sent-history.js';
import { SentHistory } from './sent-history.js';
import type { SessionStats } from './session-stats.js';

const FRAMES_KEPT = 7_500;

/** A frame that was sent, and to which session. */
export interface SentFrameRecord extends SentFrame {
  sessionId: string;
  stream: string;
}

export interface CameraStats {
  connectionsOpen: number;
  /** A session is open from its first SETUP to TEARDOWN or the end of its connection. */
  sessionsOpen: number;
  sessionsOpened: number;
  /** Sessions refused because of a limit. */
  sessionsRefused: number;
  /** RTSP requests answered with 401 although they carried credentials. */
  authFailures: number;
  /** Sessions ended by the camera because the client did not read. */
  slowClientsDropped: number;
  framesSent: number;
  /** Frames that lost packets by a fault, and those that build on them; they count as sent. */
  framesDamaged: number;
  /** RTP packets of video that a fault has held back. */
  packetsLost: number;
  bytesSent: number;
  /** Open sessions and the latest closed ones, oldest first. */
  sessions: SessionStats[];
}

/** Counts what a camera does; one per camera. */
export class StatsRecorder {
  connectionsOpen = 0;
  sessionsRefused = 0;
  authFailures = 0;
  slowClientsDropped = 0;
  bytesSent = 0;
  private framesSent = 0;
  private framesDamaged = 0;
  private packetsLost = 0;
  private sessionsOpened = 0;
  private frames: SentFrameRecord[] = [];
  readonly history: SentHistory;

  constructor(startedAtMs: number) {
    this.history = new SentHistory(startedAtMs);
  }

  get sessionsOpen(): number {
    return this.history.sessions.filter(({ closedAt }) => closedAt === null).length;
  }

  openSession(id: string, stream: string, clip: Clip, pace = constantPace(clip.video.fps)): SessionRecord {
    const stats: SessionStats = {
      ...{ id, stream, openedAt: new Date(), closedAt: null, closedBy: null },
      ...{ framesSent: 0, framesDamaged: 0, firstFrame: null, lastFrame: null, unflushedFrames: [] },
    };
    this.sessionsOpened++;
    return this.history.open(stats, { fps: pace.fps, loopLength: clip.loopLength, pace });
  }

  closeSession({ stats }: SessionRecord, closedBy: 'client' | 'camera'): void {
    stats.closedAt = new Date();
    stats.closedBy = closedBy;
    this.history.trimSessions();
  }

  addFrame(record: SessionRecord, frame: SentFrame): void {
    const { stats } = record;
    const { damaged } = this.history.add(record, frame);
    this.framesSent++;
    this.packetsLost += frame.packetsLost;
    stats.framesSent++;
    if (damaged) {
      this.framesDamaged++;
      stats.framesDamaged++;
    }
    stats.firstFrame ??= frame;
    stats.lastFrame = frame;
    stats.unflushedFrames.push(frame.frame);
    this.frames.push({ ...frame, sessionId: stats.id, stream: stats.stream });
    if (this.frames.length > 2 * FRAMES_KEPT) this.frames.splice(0, FRAMES_KEPT);
  }

  /** All that was sent to the session so far has left the camera. */
  markFlushed({ stats }: SessionRecord): void {
    stats.unflushedFrames = [];
  }

  /** The latest frames sent, oldest first: at least the last 7,500, five minutes of one session. */
  sentFrames(): SentFrameRecord[] {
    return [...this.frames];
  }

  read(): CameraStats {
    const { connectionsOpen, sessionsOpen, sessionsOpened, sessionsRefused, authFailures } = this;
    const { slowClientsDropped, framesSent, framesDamaged, packetsLost, bytesSent } = this;
    return {
      ...{ connectionsOpen, sessionsOpen, sessionsOpened, sessionsRefused, authFailures },
      ...{ slowClientsDropped, framesSent, framesDamaged, packetsLost, bytesSent },
      sessions: this.history.sessions.map((session) => ({ ...session, unflushedFrames: [...session.unflushedFrames] })),
    };
  }
}
