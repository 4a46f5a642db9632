import { uniform } from './uniform.js';

export interface PacketLoss {
  /** From 0, none, to 1, all. */
  share: number;
  seed: number;
  track: number;
  /** Number of the frame among all that the track has had since the camera's start. */
  unit: number;
}

/** Leaves out packets of a frame; which ones depends on seed, track, frame and packet alone, so each run loses the same. */
export function losePackets(
  packets: Buffer,
  offsets: readonly number[],
  { share, seed, track, unit }: PacketLoss,
): { sent: Buffer; packetsLost: number } {
  const ends = [...offsets.slice(1), packets.length];
  const kept = offsets.flatMap((offset, index) =>
    uniform([seed, track, unit, index]) < share ? [] : [packets.subarray(offset, ends[index])],
  );
  return { sent: Buffer.concat(kept), packetsLost: offsets.length - kept.length };
}
