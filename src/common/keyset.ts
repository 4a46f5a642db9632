/** The last row of a page, by the instant that orders the list and its id; the next page begins behind it. */
export interface PagePosition {
  at: Date;
  id: string;
}

const FIELDS = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** PostgreSQL and JavaScript both know the years up to 9999, which is as far as ISO 8601 goes without signs. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** One opaque word for a URL. It is not signed: whoever makes one up only chooses where to start reading. */
export function formatCursor({ at, id }: PagePosition): string {
  return Buffer.from(`${at.getTime()}.${id}`).toString('base64url');
}

/** The position in `text`, or null when we did not write it. */
export function parseCursor(text: string): PagePosition | null {
  const [, atMs, id = ''] = FIELDS.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (atMs === undefined || Number(atMs) > LAST_MS) return null;
  const position = { at: new Date(Number(atMs)), id };
  // Decoding skips what is not base64url: only what we would write ourselves is taken.
  return formatCursor(position) === text ? position : null;
}
