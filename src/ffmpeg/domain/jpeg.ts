const START_OF_IMAGE = 0xffd8;
/** Huffman tables, an extension and arithmetic coding share the numbers of the frame headers (T.81, table B.1). */
const NO_FRAME_HEADERS = new Set([0xc4, 0xc8, 0xcc]);

/** Pixels of a JPEG by its frame header (T.81, B.2.2), or null when it is none. */
export function readJpegSize(bytes: Buffer): { width: number; height: number } | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== START_OF_IMAGE) return null;
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && !NO_FRAME_HEADERS.has(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
  }
  return null;
}
