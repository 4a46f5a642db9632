/** The feeds of a camera that can be captured side by side: the one that is recorded, and the smaller one that many cameras offer. */
export const STREAM_NAMES = ['main', 'sub'] as const;
export type StreamName = (typeof STREAM_NAMES)[number];

/** One stream of one camera: what is captured, owned, logged and interrupted. */
export interface StreamId {
  /** The `id` of the camera's row. */
  readonly cameraId: string;
  readonly stream: StreamName;
}

export function mainStream(cameraId: string): StreamId {
  return { cameraId, stream: 'main' };
}

/**
 * The text by which a stream is known in maps, on disk and in locks: the bare camera id for `main`, so that the folders and locks of
 * recorders that know no streams stay valid; `{cameraId}.{stream}` for any other.
 * @param id its camera id holds no dot: a UUID has none
 */
export function streamKey({ cameraId, stream }: StreamId): string {
  return stream === 'main' ? cameraId : `${cameraId}.${stream}`;
}

/** What the name of the lock by which a recorder owns a stream begins with; the stream's key follows. */
const STREAM_LOCK = 'hindsight camera ';

/** The name of the lock by which a recorder owns a stream. */
export function streamLock(stream: StreamId): string {
  return `${STREAM_LOCK}${streamKey(stream)}`;
}

/** The same in SQL, of the main stream of a camera. @param cameraId SQL that gives the camera's id */
export function mainStreamLockSql(cameraId: string): string {
  return `('${STREAM_LOCK}' || ${cameraId})`;
}

/** @returns null when `streamKey` makes no such text */
export function parseStreamKey(text: string): StreamId | null {
  const [cameraId = '', name = 'main'] = text.split('.');
  const stream = STREAM_NAMES.find((known) => known === name);
  if (!cameraId || !stream) return null;
  const id = { cameraId, stream };
  return streamKey(id) === text ? id : null;
}
