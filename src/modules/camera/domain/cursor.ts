/** The last row of a page; the next one begins behind it. */
export interface PagePosition {
  createdAt: Date;
  id: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Writes a position as an opaque text for clients. */
export function formatCursor({ createdAt, id }: PagePosition): string {
  return Buffer.from(`${createdAt.getTime()} ${id}`, 'utf8').toString('base64url');
}

/** Reads what `formatCursor` wrote; undefined when it is anything else. */
export function parseCursor(cursor: string): PagePosition | undefined {
  const [atMs = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (!/^\d{1,14}$/.test(atMs) || !UUID.test(id) || rest.length > 0) return undefined;
  return { createdAt: new Date(Number(atMs)), id };
}
