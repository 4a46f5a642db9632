import type { SentFrame } from './rtsp/sender.js';

const CLOSED_SESSIONS_KEPT = 100;
const FRAMES_KEPT = 7_500;

export interface SessionStats {
  id: string;
  /** Name of the stream, as in the RTSP path. */
  stream: string;
  openedAt: Date;
  closedAt: Date | null;
  framesSent: number;
  firstFrame: SentFrame | null;
  lastFrame: SentFrame | null;
}

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
  /** Sessions refused because of `maxSessions`. */
  sessionsRefused: number;
  /** RTSP requests answered with 401 although they carried credentials. */
  authFailures: number;
  /** Sessions ended by the camera because the client did not read. */
  slowClientsDropped: number;
  framesSent: number;
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
  private sessionsOpened = 0;
  private sessions: SessionStats[] = [];
  private frames: SentFrameRecord[] = [];

  get sessionsOpen(): number {
    return this.sessions.filter((session) => session.closedAt === null).length;
  }

  openSession(id: string, stream: string): SessionStats {
    const session: SessionStats = {
      ...{ id, stream, openedAt: new Date(), closedAt: null },
      ...{ framesSent: 0, firstFrame: null, lastFrame: null },
    };
    this.sessionsOpened++;
    this.sessions.push(session);
    return session;
  }

  closeSession(session: SessionStats): void {
    session.closedAt = new Date();
    const closed = this.sessions.filter((each) => each.closedAt !== null);
    const forgotten = new Set(closed.slice(0, Math.max(0, closed.length - CLOSED_SESSIONS_KEPT)));
    this.sessions = this.sessions.filter((each) => !forgotten.has(each));
  }

  addFrame(session: SessionStats, frame: SentFrame): void {
    this.framesSent++;
    session.framesSent++;
    session.firstFrame ??= frame;
    session.lastFrame = frame;
    this.frames.push({ ...frame, sessionId: session.id, stream: session.stream });
    if (this.frames.length > 2 * FRAMES_KEPT) this.frames.splice(0, FRAMES_KEPT);
  }

  /** The latest frames sent, oldest first: at least the last 7,500, five minutes of one session. */
  sentFrames(): SentFrameRecord[] {
    return [...this.frames];
  }

  read(): CameraStats {
    const { connectionsOpen, sessionsOpen, sessionsOpened, sessionsRefused, authFailures } = this;
    const { slowClientsDropped, framesSent, bytesSent } = this;
    return {
      ...{ connectionsOpen, sessionsOpen, sessionsOpened, sessionsRefused, authFailures },
      ...{ slowClientsDropped, framesSent, bytesSent },
      sessions: this.sessions.map((session) => ({ ...session })),
    };
  }
}
