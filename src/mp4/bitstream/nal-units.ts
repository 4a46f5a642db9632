/** Bytes between two offsets of a sample. */
export interface UnitPlace {
  start: number;
  end: number;
}

/** The last two bits of that byte of an `avcC` or `hvcC` (14496-15, 5.3.3.1.2 and 8.3.3.1.2). */
export function lengthBytes(config: number | undefined): number {
  return ((config ?? 3) & 3) + 1;
}

/** Where a sample's NAL units lie, one after the other; the last of a damaged sample may be cut off. */
export function* placeNalUnits(frame: Buffer, sizeOfLength: number): Generator<UnitPlace> {
  for (let at = 0; at + sizeOfLength < frame.length;) {
    const start = at + sizeOfLength;
    at = start + frame.readUIntBE(at, sizeOfLength);
    yield { start, end: Math.min(at, frame.length) };
  }
}
