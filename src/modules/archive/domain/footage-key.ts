/** What the key of a footage segment says of it: enough to make the index anew from a list of keys. */
export interface FootageKey {
  cameraId: string;
  /** Instant of its first picture, whole milliseconds since the epoch. */
  startMs: number;
  durationMs: number;
  /** The capture's name in the log. */
  captureKey: string;
  /** In its capture, from 1 on. */
  number: number;
}

/** Everything of the archive lies under it. */
export const FOOTAGE_PREFIX = 'footage/';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const KEY = new RegExp(`^footage/(${UUID})/\\d{8}/(\\d{1,15})-(\\d{1,9})-(\\d{1,15}-[0-9a-f]{1,16})-(\\d{1,9})\\.mp4$`);

/** `footage/{camera}/{yyyymmdd of its start, UTC}/{startMs}-{durationMs}-{capture}-{number}.mp4`; no key is ever used for other bytes. */
export function formatFootageKey({ cameraId, startMs, durationMs, captureKey, number }: FootageKey): string {
  return `${FOOTAGE_PREFIX}${cameraId}/${dayOf(startMs)}/${startMs}-${durationMs}-${captureKey}-${number}.mp4`;
}

/** What the key says; null: it is no key of a footage segment. */
export function parseFootageKey(key: string): FootageKey | null {
  const [, cameraId, startMs, durationMs, captureKey, number] = KEY.exec(key) ?? [];
  if (!cameraId || !captureKey) return null;
  const parsed = {
    cameraId,
    startMs: Number(startMs),
    durationMs: Number(durationMs),
    captureKey,
    number: Number(number),
  };
  return parsed.startMs <= LAST_INSTANT_MS && formatFootageKey(parsed) === key ? parsed : null;
}

/** `Date` knows no later one (https://tc39.es/ecma262/#sec-time-values-and-time-range). */
const LAST_INSTANT_MS = 8.64e15;

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
}
