import { createHash } from 'node:crypto';

export function md5HexOf(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

export function sha256HexOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As the header `Content-MD5` wants it. */
export function base64OfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** Whether a store's entity tag is an MD5 and not that of these bytes. A tag of another form, such as R2 may give, says nothing. */
export function isOtherMd5(etag: string, md5Hex: string): boolean {
  return /^"?[0-9a-f]{32}"?$/i.test(etag) && etag.replaceAll('"', '').toLowerCase() !== md5Hex;
}
