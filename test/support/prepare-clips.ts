import { encodeAudio, encodeVideo, VIDEO_DEFAULTS, type VideoParameters } from '@hindsight/virtual-camera/clips';

const SUB = { width: 320, height: 180 };
/** The clips that the tests' cameras stream most. Others are encoded when they are needed. */
const CLIPS: Partial<VideoParameters>[] = [1, 2, 4].flatMap((gopSec) => [
  { gopSec },
  { ...SUB, gopSec, bitrateKbps: 200 },
  { gopSec, bFrames: 2 },
  { gopSec, codec: 'h265' as const },
  { gopSec, codec: 'mjpeg' as const },
]);
/** A camera that fills a part of an upload within seconds, and one of which several can run at once. */
export const PART_CLIP = { bitrateKbps: 16_000, constantBitrate: true };
export const MODEST_CLIP = { bitrateKbps: 4_000, constantBitrate: true };
const LARGE: Partial<VideoParameters>[] = [PART_CLIP, MODEST_CLIP].map((clip) => ({ ...clip, gopSec: 1 }));
const CHANGED: Partial<VideoParameters>[] = [{ ...SUB, gopSec: 1 }];
const SOUND_SEC = 20;
/** One for each core of a small machine. */
const AT_ONCE = 2;

/**
 * Encodes what is not in the cache yet, before any test runs: an encoder beside a test that lives in real time takes its processor away.
 * Takes a minute or two on a new clone, and nothing later.
 */
export async function prepareClips(): Promise<void> {
  const jobs = [...LARGE, ...CLIPS, ...CHANGED].map((clip) => () => encodeVideo({ ...VIDEO_DEFAULTS, ...clip }));
  const sounds = (['aac', 'pcmu'] as const).map((codec) => () => encodeAudio(codec, SOUND_SEC));
  const queue = [...sounds, ...jobs].values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const encode of queue) await encode();
    }),
  );
}
