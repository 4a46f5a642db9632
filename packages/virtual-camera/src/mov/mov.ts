/** One frame of the file, in decode order. */
export interface MovSample {
  data: Buffer;
  keyFrame: boolean;
  /** Presentation minus decode time, in frames. */
  compositionOffset: number;
}

export interface MovVideo {
  samples: MovSample[];
  /** `avcC` or `hvcC` box, empty when the codec has none. */
  codecConfiguration: Buffer;
}

/** Bytes of a VisualSampleEntry before its child boxes (ISO/IEC 14496-12, 12.1.3). */
const VISUAL_SAMPLE_ENTRY_BYTES = 78;

/** Reads a QuickTime file that holds one video track of constant frame rate, as FFmpeg writes it. */
export function parseMov(file: Buffer): MovVideo {
  const track = findBox(file, ['moov', 'trak', 'mdia', 'minf', 'stbl']);
  const table = (name: string) => boxes(track).find((box) => box.type === name)?.body;
  const entry = boxes(need(table('stsd'), 'stsd').subarray(8))[0];
  const children = entry ? boxes(entry.body.subarray(VISUAL_SAMPLE_ENTRY_BYTES)) : [];
  const configuration = children.find((box) => box.type === 'avcC' || box.type === 'hvcC');
  const duration = need(table('stts'), 'stts').readUInt32BE(12);
  const offsets = compositionOffsets(table('ctts'));
  const keyFrames = syncSamples(table('stss'));
  const samples = sampleRanges(table).map(([start, size], index) => ({
    data: file.subarray(start, start + size),
    keyFrame: keyFrames === undefined || keyFrames.has(index + 1),
    compositionOffset: Math.round((offsets[index] ?? 0) / duration),
  }));
  return { samples, codecConfiguration: configuration?.body ?? Buffer.alloc(0) };
}

interface Box {
  type: string;
  body: Buffer;
}

function boxes(parent: Buffer): Box[] {
  const found: Box[] = [];
  for (let offset = 0; offset + 8 <= parent.length;) {
    const large = parent.readUInt32BE(offset) === 1;
    const size = large ? Number(parent.readBigUInt64BE(offset + 8)) : parent.readUInt32BE(offset);
    // A QuickTime list may end with a zero word.
    if (size < 8) break;
    const type = parent.toString('latin1', offset + 4, offset + 8);
    found.push({ type, body: parent.subarray(offset + (large ? 16 : 8), offset + size) });
    offset += size;
  }
  return found;
}

function findBox(file: Buffer, path: readonly string[]): Buffer {
  return path.reduce((parent, type) => need(boxes(parent).find((box) => box.type === type)?.body, type), file);
}

function need(box: Buffer | undefined, type: string): Buffer {
  if (!box) throw new Error(`Clip file has no ${type} box`);
  return box;
}

function compositionOffsets(ctts: Buffer | undefined): number[] {
  const offsets: number[] = [];
  for (let at = 8; ctts && at < ctts.length; at += 8) {
    for (let count = ctts.readUInt32BE(at); count > 0; count--) offsets.push(ctts.readInt32BE(at + 4));
  }
  return offsets;
}

function syncSamples(stss: Buffer | undefined): Set<number> | undefined {
  if (!stss) return undefined;
  return new Set(Array.from({ length: stss.readUInt32BE(4) }, (_, index) => stss.readUInt32BE(8 + index * 4)));
}

/** Start and size of each sample, from the size, chunk and sample-to-chunk tables. */
function sampleRanges(table: (name: string) => Buffer | undefined): [number, number][] {
  const stsz = need(table('stsz'), 'stsz');
  const stsc = need(table('stsc'), 'stsc');
  const co64 = table('co64');
  const chunkTable = co64 ?? need(table('stco'), 'stco');
  const constantSize = stsz.readUInt32BE(4);
  const ranges: [number, number][] = [];
  let run = 0;
  for (let chunk = 0; chunk < chunkTable.readUInt32BE(4); chunk++) {
    const nextRun = 8 + (run + 1) * 12;
    if (nextRun < stsc.length && stsc.readUInt32BE(nextRun) <= chunk + 1) run++;
    let start = co64 ? Number(co64.readBigUInt64BE(8 + chunk * 8)) : chunkTable.readUInt32BE(8 + chunk * 4);
    for (let left = stsc.readUInt32BE(8 + run * 12 + 4); left > 0; left--) {
      const size = constantSize || stsz.readUInt32BE(12 + ranges.length * 4);
      ranges.push([start, size]);
      start += size;
    }
  }
  return ranges;
}
