import { Mp4Error } from './boxes.js';
import type { SampleRun, TrackFragment } from './track-fragment.js';

const TRUN = { dataOffset: 0x1, firstFlags: 0x4 } as const;
/** Fields of 32 bits that each sample of a `trun` may have: duration, size, flags, composition offset (14496-12, 8.8.8). */
const SAMPLE_FIELDS = [0x100, 0x200, 0x400, 0x800];

/**
 * Cuts, in place, the first `count` samples of a track; their bytes stay in the `mdat`, unmentioned. When the first one begins is for the
 * caller to write.
 * @throws Mp4Error on runs that do not say where their bytes lie, which FFmpeg's all do
 */
export function dropFirst(moof: Buffer, { runs }: Pick<TrackFragment, 'runs'>, count: number): void {
  let left = count;
  for (const run of runs) {
    const dropped = Math.min(left, run.samples.length);
    if (dropped > 0) dropFromRun(moof, run, dropped);
    left -= dropped;
  }
}

function dropFromRun(moof: Buffer, { samples }: SampleRun, count: number): void {
  const { countAt } = samples[0]!;
  const present = moof.readUIntBE(countAt - 3, 3);
  if (!(present & TRUN.dataOffset)) throw new Mp4Error('a run without a place of its own cannot be cut');
  const offsetAt = countAt + 4;
  const droppedBytes = samples.slice(0, count).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  moof.writeInt32BE(moof.readInt32BE(offsetAt) + droppedBytes, offsetAt);
  const entriesAt = offsetAt + 4 + (present & TRUN.firstFlags ? 4 : 0);
  const entryBytes = 4 * SAMPLE_FIELDS.filter((field) => present & field).length;
  // What is left behind the last entry is of no meaning: the count says where they end.
  moof.copyWithin(entriesAt, entriesAt + count * entryBytes, entriesAt + samples.length * entryBytes);
  moof.writeUInt32BE(samples.length - count, countAt);
}
