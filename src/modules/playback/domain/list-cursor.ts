/** Where a page of the list ended: the next one starts behind this playback. */
export interface ListCursor {
  createdAt: Date;
  id: string;
  /** The total that was counted with the first page. */
  total: number;
}

const FIELDS = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,15})$/;

/** One opaque word for a URL. It is not signed: whoever makes one up only chooses where to start reading. */
export function formatCursor({ createdAt, id, total }: ListCursor): string {
  return Buffer.from(`${createdAt.getTime()}.${id}.${total}`).toString('base64url');
}

/** The cursor in `text`, or null when it is not one of ours. */
export function parseCursor(text: string): ListCursor | null {
  const match = FIELDS.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (!match) return null;
  const [, createdAtMs, id = '', total] = match;
  const cursor = { createdAt: new Date(Number(createdAtMs)), id, total: Number(total) };
  // Decoding skips what is not base64url, and a Date has a last day: only what we would write ourselves is taken.
  return isStorable(cursor.createdAt) && formatCursor(cursor) === text ? cursor : null;
}

/** PostgreSQL and JavaScript both know the years up to 9999, which is as far as ISO 8601 goes without signs. */
function isStorable(instant: Date): boolean {
  return instant.getTime() <= Date.UTC(9999, 11, 31, 23, 59, 59, 999);
}
