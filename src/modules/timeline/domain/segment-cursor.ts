import type { SegmentPosition } from '../../archive/index.js';

const FIELDS = /^(\d{1,15})\.(\d{1,15}-[0-9a-f]{1,16})$/;
/** `Date` knows no later one. */
const LAST_INSTANT_MS = 8.64e15;

/** One opaque word for a URL. It is not signed: whoever makes one up only chooses where to start reading. */
export function formatSegmentCursor({ startMs, captureKey }: SegmentPosition): string {
  return Buffer.from(`${startMs}.${captureKey}`).toString('base64url');
}

/** The position in `text`, or null when we did not write it. */
export function parseSegmentCursor(text: string): SegmentPosition | null {
  const [, startMs, captureKey] = FIELDS.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (startMs === undefined || captureKey === undefined || Number(startMs) > LAST_INSTANT_MS) return null;
  const position = { startMs: Number(startMs), captureKey };
  return formatSegmentCursor(position) === text ? position : null;
}
