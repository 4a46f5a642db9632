import type { Assembly } from '../../schema/assembly.js';
import type { StoredCapture, Take } from '../footage/index.js';

export interface AssembledFootage {
  /** Reads like a capture of the log that never stopped; its clock is that of the takes. */
  capture: StoredCapture;
  /** The takes that are in it. */
  takes: Take<StoredCapture>[];
  assembly: Assembly;
}

/** Makes footage that is alike, and can be laid out, of footage that is not: the camera changed its stream half-way, or some of it is damaged. */
export abstract class Assembler {
  /** Whether pictures of several formats can be made alike; also true as long as nobody can say. */
  abstract get canEncode(): boolean;

  /**
   * Writes one fragmented MP4 to `outPath`, replacing what is there; failed or aborted, it leaves nothing there.
   * Every frame keeps its place on the clock: in a gap between two takes the last picture stands, without a sound.
   * What cannot be read of them is left out; the capture says what is there.
   * @param takes of several configurations; or of one, when they cannot be laid out as they are
   * @throws AppError `RECORDING.ASSEMBLY_FAILED`
   */
  abstract assemble(
    takes: readonly Take<StoredCapture>[],
    outPath: string,
    signal?: AbortSignal,
  ): Promise<AssembledFootage>;
}
