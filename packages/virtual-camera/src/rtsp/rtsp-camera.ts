import type { AuthGate } from '../auth.js';
import type { Clip } from '../clip/clip.js';
import type { Faults } from '../faults.js';
import type { Oddities } from '../oddities/oddities.js';
import type { StatsRecorder } from '../stats.js';
import type { StartAt } from './sender.js';

/** What all connections of one camera share. */
export interface RtspCamera {
  /** Streams by the name in their path; one that is changed is another clip from the next session on. */
  streams: ReadonlyMap<string, Clip>;
  /** When frame 0 of loop 0 was taken. */
  startedAtMs: number;
  startAt: StartAt;
  maxSessions: number;
  /** A client that reads nothing for so long, or lets so much pile up, is dropped. */
  slowClientMs: number;
  maxQueuedBytes: number;
  auth: AuthGate;
  faults: Readonly<Faults>;
  oddities: Readonly<Oddities>;
  /** Last change to the session description. */
  editSdp?: (sdp: string) => string;
  stats: StatsRecorder;
}
