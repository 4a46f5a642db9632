import { createHash } from 'node:crypto';

export function md5HexOf(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

export async function md5HexOfPieces(pieces: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

export function sha256HexOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As the header `Content-MD5` wants it. */
export function base64OfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

const MD5_TAG = /^"?[0-9a-f]{32}"?$/i;

/** Whether a store's entity tag is an MD5 and not that of these bytes. A tag of another form, such as R2 may give, says nothing. */
export function isOtherMd5(etag: string, md5Hex: string): boolean {
  return MD5_TAG.test(etag) && etag.replaceAll('"', '').toLowerCase() !== md5Hex;
}

/** What an answer to bytes says of them, as the SDK has it. */
export interface TaggedAnswer {
  ETag?: string | undefined;
  ServerSideEncryption?: string | undefined;
}

/** Whether the tag is the MD5 of the bytes that the store keeps. Under a key of AWS's KMS it looks like one and is none. */
export function isMd5Tag({ ETag = '', ServerSideEncryption = 'AES256' }: TaggedAnswer): boolean {
  return ServerSideEncryption === 'AES256' && MD5_TAG.test(ETag);
}
