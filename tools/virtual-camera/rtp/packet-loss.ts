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

/** A number from 0 to below 1 that looks random and depends on the words alone (MurmurHash3's mixing steps). */
function uniform(words: readonly number[]): number {
  let hash = 0;
  for (const word of words) {
    hash ^= Math.imul(word, 0xcc9e2d51);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}
