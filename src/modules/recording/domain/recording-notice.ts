/** What the recorders are told of a recording: whose camera it is about, and which recorder its row names, if any. */
export interface RecordingNotice {
  cameraId: string;
  nodeId: string | null;
}

const WORD = 'recording';

/** As the text of a notification: `recording {cameraId}`, and behind it the recorder. */
export function formatNotice({ cameraId, nodeId }: RecordingNotice): string {
  return [WORD, cameraId, ...(nodeId === null ? [] : [nodeId])].join(' ');
}

/** @returns null when `formatNotice` makes no such text: then it says anything else */
export function parseNotice(text: string | null): RecordingNotice | null {
  const [word, cameraId, nodeId = null, ...rest] = (text ?? '').split(' ');
  return word === WORD && cameraId && nodeId !== '' && rest.length === 0 ? { cameraId, nodeId } : null;
}
