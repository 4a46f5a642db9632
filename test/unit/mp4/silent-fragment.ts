import { buildBox, buildFullBox, uint32, uint64 } from '../../../src/mp4/box-writer.js';
import type { Silence } from '../../../src/mp4/silence.js';

const DEFAULT_BASE_IS_MOOF = 0x02_0000;
const DEFAULT_SIZE = 0x10;
const DATA_OFFSET = 0x1;
const SAMPLE_DURATION = 0x100;

/** A fragment of one track that holds silence alone (14496-12, 8.8.4 to 8.8.12). */
export function buildSilentFragment(
  { startTicks, durationsTicks }: Silence,
  { trackId, frame }: { trackId: number; frame: Buffer },
): Buffer {
  const mfhd = buildFullBox('mfhd', 0, 0, uint32(0));
  const tfhd = buildFullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF | DEFAULT_SIZE, uint32(trackId, frame.length));
  const tfdt = buildFullBox('tfdt', 1, 0, uint64(startTicks));
  const trun = (dataOffset: number) =>
    buildFullBox(
      'trun',
      0,
      DATA_OFFSET | SAMPLE_DURATION,
      uint32(durationsTicks.length, dataOffset, ...durationsTicks),
    );
  const moof = (dataOffset: number) => buildBox('moof', mfhd, buildBox('traf', tfhd, tfdt, trun(dataOffset)));
  const mdat = buildBox('mdat', ...durationsTicks.map(() => frame));
  return Buffer.concat([moof(moof(0).length + 8), mdat]);
}
