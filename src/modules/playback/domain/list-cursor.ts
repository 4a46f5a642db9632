import { formatCursor, type PagePosition, parseCursor } from '../../../common/keyset.js';

/** Where a page of the list ended: the next one starts behind this playback, which was created `at`. */
export interface ListCursor extends PagePosition {
  /** The total that was counted with the first page. */
  total: number;
}

const FIELDS = /^([\w-]+)\.(0|[1-9]\d{0,14})$/;

/** One opaque word for a URL. */
export function formatListCursor({ total, ...position }: ListCursor): string {
  return `${formatCursor(position)}.${total}`;
}

/** The cursor in `text`, or null when we did not write it. */
export function parseListCursor(text: string): ListCursor | null {
  const [, position = '', total] = FIELDS.exec(text) ?? [];
  const parsed = parseCursor(position);
  return parsed && { ...parsed, total: Number(total) };
}
