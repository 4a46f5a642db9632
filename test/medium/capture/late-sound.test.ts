import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCounterHoles, readFrameCounters, type VirtualCameraOptions } from '@hindsight/virtual-camera';
import { describe, expect, it, jest } from '@jest/globals';
import { selectFootage, type Take } from '../../../src/modules/footage/domain/footage.js';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { readMovie } from '../../support/mp4box-reader.js';
import { CAM } from '../../support/recorder/capture-rig.js';
import { readFootage, writeObject } from '../../support/recorder/hybrid-object.js';
import { Stage } from '../../support/recorder/stage.js';
import { checkVideo } from '../../support/recorder/video-check.js';

const ALL_TIME = { startMs: 0, endMs: Infinity };
/** Real time for the camera. */
jest.setTimeout(180_000);

const CAMERAS: [string, VirtualCameraOptions][] = [
  ['G.711 a second late, and no word of when', odd('h264-pcmu', { soundStartSec: 1, rtpInfo: 'none' })],
  ['G.711 3 s late, no word and no reports', odd('h264-pcmu', { soundStartSec: 3, rtpInfo: 'none', reports: 'none' })],
  ['G.711 3 s late, each track from its own first packet', odd('h264-pcmu', { soundStartSec: 3 })],
  ['AAC 3 s late', odd('h264-aac', { soundStartSec: 3, rtpInfo: 'none' })],
  ['Opus a second late', odd('h264-aac', { soundStartSec: 1, rtpInfo: 'none', reports: 'none' }, 'opus')],
  ['B-frames and G.711 2 s late', odd('h264-bframes', { soundStartSec: 2, rtpInfo: 'none', reports: 'none' }, 'pcma')],
  ['AAC that never comes', odd('h264-aac', { soundNever: true })],
];

function odd(
  profile: VirtualCameraOptions['profile'],
  oddities: VirtualCameraOptions['oddities'],
  audio?: VirtualCameraOptions['audio'],
): VirtualCameraOptions {
  return { profile, gopSec: 1, oddities, ...(audio ? { audio } : {}) } as VirtualCameraOptions;
}

/** A frame of one channel without a sound: it stands where the camera sent none. */
const SILENT_BYTES = 6;

/** When each sound begins, seen from the first picture, as FFmpeg has written it. */
async function readSoundOffsets({ capture: { dir, init }, fragments }: Take<StoredCapture>): Promise<number[]> {
  let firstSec: number | null = null;
  const sounds: number[] = [];
  for (const { segment, offset, moofBytes } of fragments) {
    const bytes = await readFile(join(dir, segment));
    for (const { track, startTicks, samples } of readTrackFragments(bytes.subarray(offset, offset + moofBytes), init)) {
      let atTicks = startTicks;
      if (track === init.video) firstSec ??= (startTicks + (samples[0]?.compositionTicks ?? 0)) / track.timescale;
      else {
        for (const { durationTicks, sizeBytes } of samples) {
          if (sizeBytes > SILENT_BYTES) sounds.push(atTicks);
          atTicks += durationTicks;
        }
      }
    }
  }
  const { timescale } = init.tracks.find(({ kind }) => kind === 'audio')!;
  return sounds.map((ticks) => ticks / timescale - firstSec!);
}

describe('sound that begins late', () => {
  it.concurrent.each(CAMERAS)('costs no picture and is in step with them: %s', (_name, camera) =>
    Stage.with(camera, async (stage) => {
      const { dir, log } = stage.rig;
      await stage.record(9);
      const takes = selectFootage(await log.readCaptures(CAM), ALL_TIME);
      const [take] = takes;
      expect(takes).toHaveLength(1);
      const path = join(dir, 'object.mp4');
      await writeObject(path, await readFootage(takes), null);

      const { complaints, durationSec, presentationSec } = await checkVideo(path);
      expect(complaints).toBe('');
      const counters = await readFrameCounters(path);
      expect(findCounterHoles(counters, stage.camera.loopLength)).toEqual([]);
      const frames = take!.fragments.reduce((sum, each) => sum + each.frames, 0);
      expect(frames - counters.length).toBeLessThanOrEqual(camera.profile === 'h264-bframes' ? 2 : 0);
      // As long as its pictures; sound may begin a little earlier.
      expect(durationSec).toBeCloseTo(presentationSec.at(-1)! + 0.04, 1);
      expect(presentationSec[0]).toBeLessThan(1.1);

      const { tracks, movieTimescale } = readMovie(await readFile(path));
      const [pictures, sound] = tracks;
      const written = await readSoundOffsets(take!);
      expect(sound === undefined).toBe(written.every((at) => at > durationSec - 0.1 || written.length === 0));
      if (!sound) return;
      const [video, audio] = [pictures!, sound].map(({ edits, samples, timescale }) => {
        const emptySec = edits.length > 1 ? edits[0]!.durationTicks / movieTimescale : 0;
        return samples.map(({ cts }) => emptySec + (cts - edits.at(-1)!.mediaTicks) / timescale);
      });
      const isFrame = sound.samples.map(({ sizeBytes }) => sizeBytes > SILENT_BYTES);
      const stored = audio!.map((at) => at - video![0]!).filter((_at, index) => isFrame[index]);
      const lost = stored.filter((at) => written.every((one) => Math.abs(one - at) > 2 / sound.timescale));
      expect(lost).toEqual([]);
      const wanted = written.filter((at) => at >= 0 && at < durationSec - presentationSec[0]! - 0.04);
      expect(wanted.filter((at) => stored.every((one) => Math.abs(one - at) > 2 / sound.timescale))).toEqual([]);
    }),
  );
});
