import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Mp4Error, readBoxes, readBoxHeader } from '../../mp4/boxes.js';
import { buildBox } from '../../mp4/box-writer.js';
import { parseInitSegment } from '../../mp4/init-segment.js';
import { type CaptureMeta, scanFragments, type StoredCapture } from '../footage/index.js';

/** Marks a box that players skip (14496-12, 11.1). */
const META_TYPE = Buffer.from('7b1e4f0c52d94a0e9c3a6d0f8b2475e1', 'hex');
/** An index that FFmpeg before 4.3 writes behind a day of fragments has some megabytes. */
const MAX_TAIL_BYTES = 1 << 24;

/** Ends a fragmented MP4 with what the media alone cannot say, and brings it to stable storage. */
export async function sealAssembled(path: string, meta: CaptureMeta): Promise<void> {
  const file = await open(path, 'a');
  try {
    await file.appendFile(buildBox('uuid', META_TYPE, Buffer.from(JSON.stringify(meta))));
    await file.datasync();
  } finally {
    await file.close();
  }
}

/**
 * Reads assembled footage back from its file alone.
 * @throws Mp4Error when the file is not whole
 */
export async function readAssembled(path: string): Promise<StoredCapture> {
  const file = await open(path, 'r');
  try {
    const [dir, segment] = [dirname(path), basename(path)];
    const init = parseInitSegment(await readInit(file));
    const { fragments, wholeBytes, tornBytes } = await scanFragments(dir, segment, init, init.bytes.length);
    const meta = parseTail(await readAt(file, wholeBytes, Math.min(tornBytes, MAX_TAIL_BYTES)));
    const whole = fragments.map((fragment, index) => ({
      ...fragment,
      // In a gap there are fragments of silence alone: they go with the picture that stands meanwhile.
      sizeBytes: (fragments[index + 1]?.offset ?? wholeBytes) - fragment.offset,
    }));
    return { ...meta, dir, init, configDigest: init.configDigest, fragments: whole };
  } finally {
    await file.close();
  }
}

async function readInit(file: FileHandle): Promise<Buffer> {
  const ftypBytes = await boxBytesAt(file, 0);
  return readAt(file, 0, ftypBytes + (await boxBytesAt(file, ftypBytes)));
}

async function boxBytesAt(file: FileHandle, offset: number): Promise<number> {
  const header = readBoxHeader(await readAt(file, offset, 16), 0);
  if (!header || !['ftyp', 'moov'].includes(header.type))
    throw new Mp4Error('no init segment at the start of the file');
  return header.sizeBytes;
}

async function readAt(file: FileHandle, offset: number, sizeBytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset);
  return buffer.subarray(0, bytesRead);
}

function parseTail(tail: Buffer): CaptureMeta {
  const seal = readBoxes(tail).find(
    ({ type, bodyStart }) =>
      type === 'uuid' && tail.subarray(bodyStart, bodyStart + META_TYPE.length).equals(META_TYPE),
  );
  if (!seal) throw new Mp4Error('the file ends before its end');
  return JSON.parse(tail.toString('utf8', seal.bodyStart + META_TYPE.length, seal.end)) as CaptureMeta;
}
