import type { Assembly } from '../domain/assembly.js';
import type { Take } from '../domain/footage.js';
import type { StoredCapture } from '../log/fragment-log.store.js';

export interface AssemblyResult {
  /** The takes that are in the file; others could not stand in one file with them. */
  takes: Take<StoredCapture>[];
  /** How they came into it. */
  assembly: Assembly;
}

/** Makes one playable MP4 out of footage from the log, also when the camera changed its stream half-way. */
export abstract class Assembler {
  /**
   * Writes a plain MP4 (`moov` first) to `outPath`, replacing what is there; failed or aborted, it leaves nothing there.
   * Footage keeps its place on the clock: a gap between two takes is a gap in the file's timeline.
   * @throws AppError `RECORDING.ASSEMBLY_FAILED`
   */
  abstract assemble(
    takes: readonly Take<StoredCapture>[],
    outPath: string,
    signal?: AbortSignal,
  ): Promise<AssemblyResult>;
}
