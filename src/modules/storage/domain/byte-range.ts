/** Bytes `start` to `end`, both inclusive, as HTTP counts them. */
export interface ByteRange {
  start: number;
  end: number;
}

/** What a request asks of a body: all of it (200), one part of it (206), or a part that is not there (416). */
export type RangeRequest = { kind: 'whole' } | { kind: 'part'; range: ByteRange } | { kind: 'unsatisfiable' };

const WHOLE: RangeRequest = { kind: 'whole' };
const UNSATISFIABLE: RangeRequest = { kind: 'unsatisfiable' };

export interface RangeHeaders {
  range?: string | undefined;
  ifRange?: string | undefined;
}

/**
 * What the headers `Range` and `If-Range` ask of a body of `sizeBytes` with the entity tag `etag`.
 * A header that is no single byte range, several ranges included, is ignored as RFC 9110 14.2 allows: the whole body answers it.
 * An `If-Range` that is not this very (strong) tag makes the range void; a date in it is never trusted (RFC 9110 13.1.5).
 */
export function parseRange(headers: RangeHeaders, sizeBytes: number, etag: string): RangeRequest {
  if (headers.range === undefined) return WHOLE;
  if (headers.ifRange !== undefined && !sameStrongTag(headers.ifRange.trim(), etag)) return WHOLE;
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(headers.range.trim());
  if (!match) return WHOLE;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? WHOLE : suffix(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return WHOLE;
  if (start >= sizeBytes) return UNSATISFIABLE;
  return { kind: 'part', range: { start, end: Math.min(end, sizeBytes - 1) } };
}

/** The `Content-Range` of a 206, or of a 416 when `range` is null. */
export function formatContentRange(range: ByteRange | null, sizeBytes: number): string {
  return range ? `bytes ${range.start}-${range.end}/${sizeBytes}` : `bytes */${sizeBytes}`;
}

function suffix(lengthBytes: number, sizeBytes: number): RangeRequest {
  if (lengthBytes === 0 || sizeBytes === 0) return UNSATISFIABLE;
  return { kind: 'part', range: { start: Math.max(0, sizeBytes - lengthBytes), end: sizeBytes - 1 } };
}

function sameStrongTag(ifRange: string, etag: string): boolean {
  return !ifRange.startsWith('W/') && !etag.startsWith('W/') && ifRange === etag;
}
