/** Headers of answers, as the OpenAPI document describes them. */
const text = (description: string, example: string) => ({ description, schema: { type: 'string', example } });

export const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds after which it is worth trying again, where that is known',
    schema: { type: 'integer', format: 'int32', minimum: 0, example: 5 },
  },
};
export const WWW_AUTHENTICATE = { 'WWW-Authenticate': text('How to log in', 'Bearer') };
export const CACHE_CONTROL = {
  'Cache-Control': text('Whether, and how long, a copy may be kept', 'private, no-cache'),
};
export const ETAG = { ETag: text('Names this state of it, for `If-None-Match`', '"5d41402abc4b2a76b9719d911017c592"') };
export const ACCEPT_RANGES = { 'Accept-Ranges': text('`Range` is understood', 'bytes') };
export const LAST_MODIFIED = { 'Last-Modified': text('When it was stored', 'Sat, 31 Jan 2026 12:00:00 GMT') };
export const CONTENT_RANGE = {
  'Content-Range': text('Which bytes of how many these are', 'bytes 0-1023/1966080'),
};
export const UNSATISFIED_RANGE = { 'Content-Range': text('How many bytes there are', 'bytes */1966080') };
export const CONTENT_DISPOSITION = {
  'Content-Disposition': text('Under which name to save it', 'attachment; filename="Front door 2026-01-31.mp4"'),
};
