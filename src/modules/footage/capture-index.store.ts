import { type LoggedCapture, readCaptureFiles } from './capture-files.store.js';
import { sortSegments } from './domain/segment-name.js';
import { describeSegment, type SealedSegment, SegmentTable } from './domain/segment-table.js';
import { listDir } from './files.store.js';
import { SegmentNotes } from './segment-notes.store.js';
import { scanSegment } from './segment-scan.store.js';
import { sealSegment } from './segment-seal.store.js';

/** What a crash, a power loss or a full disk left behind the last whole fragment of a segment. */
export interface TornTail {
  segment: string;
  wholeBytes: number;
  tornBytes: number;
}

/**
 * Reads the index of a capture to which nothing is added any more: from its notes, and the segments that have none. Those get one, and the
 * tail that a killed process has not written.
 * @param cutOff takes a torn tail away
 * @returns null when there is no footage in it, since its init segment was never written
 * @throws Mp4Error when its init segment cannot be read
 */
export async function readCaptureIndex(
  dir: string,
  cutOff: (tail: TornTail) => Promise<void>,
): Promise<LoggedCapture | null> {
  const files = await readCaptureFiles(dir);
  if (!files) return null;
  const notes = new SegmentNotes(dir);
  const segments = sortSegments(await listDir(dir));
  const sealed = new SegmentTable();
  const read = async (segment: string): Promise<SealedSegment | null> => {
    const { fragments, wholeBytes, tornBytes, isSealed } = await scanSegment(dir, segment, files.init);
    if (tornBytes > 0) await cutOff({ segment, wholeBytes, tornBytes });
    const tailBytes = isSealed ? 0 : await sealSegment(files, segment, fragments);
    const described = describeSegment(segment, fragments, wholeBytes + tailBytes);
    // Without its note it is read again by the next start.
    if (described) await notes.add(described).catch(() => undefined);
    return described;
  };
  for await (const [segment, noted] of notes.find(segments)) {
    const described = noted ?? (await read(segment));
    if (described) sealed.push(described);
  }
  return { ...files, sealed, open: [], openSegment: null };
}
