import type { SentFrame } from './rtsp/sender.js';

export interface SessionStats {
  id: string;
  /** Name of the stream, as in the RTSP path. */
  stream: string;
  openedAt: Date;
  closedAt: Date | null;
  /** Who ended it; null while it is open. */
  closedBy: 'client' | 'camera' | null;
  framesSent: number;
  /** Frames that lost packets by a fault, and those that build on them; they count as sent. */
  framesDamaged: number;
  firstFrame: SentFrame | null;
  lastFrame: SentFrame | null;
  /** Frames, in the order of sending, that nobody has seen leave the camera yet: the client may have heard them, or not, when the connection has ended. */
  unflushedFrames: number[];
}
