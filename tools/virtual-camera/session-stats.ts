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
  /** Number of the newest frame that had left the camera; later ones may have been lost when the connection ended. */
  flushedFrame: number | null;
}
