import type { StreamIndex } from '../../schema/stream-index.js';
import type { ByteRange } from '../storage/index.js';
import type { Assembly } from '../../schema/assembly.js';
import type { Gop } from '../../ffmpeg/domain/ffprobe-output.js';
import type { Ledger } from '../../schema/ledger.js';
import type { StoredObjectInfo } from './object-storer.service.js';

/** What a recording became, as far as its footage tells. */
export interface FootageFacts {
  assembly: Assembly;
  ledger: Ledger;
  /** First and last instant of footage, wall clock. */
  startedAtMs: number;
  endedAtMs: number;
}

/** An object that the store has, with all that its row is going to say. Survives a round trip through JSON. */
export interface FinishedObject extends StoredObjectInfo, FootageFacts {
  stream: StreamIndex;
  gop: Gop;
  /** What ffprobe must see of it. */
  ranges: ByteRange[];
}
