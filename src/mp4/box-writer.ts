/** Big-endian, as everything in an MP4. */
export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

export function uint64(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64BE(BigInt(value), index * 8));
  return bytes;
}

/** A box around what it holds (14496-12, 4.2). */
export function buildBox(type: string, ...body: readonly Buffer[]): Buffer {
  const sizeBytes = 8 + body.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([uint32(sizeBytes), Buffer.from(type, 'latin1'), ...body], sizeBytes);
}

/** A box with a version and flags before what it holds. */
export function buildFullBox(type: string, version: number, flags: number, ...body: readonly Buffer[]): Buffer {
  return buildBox(type, uint32(version * 0x100_0000 + flags), ...body);
}
