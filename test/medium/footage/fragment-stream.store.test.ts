import { join } from 'node:path';
import { type CameraProfileName, readFrameCounters } from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import { selectFootage, type Take } from '../../../src/modules/footage/domain/footage.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { CAM } from '../../support/recorder/capture-rig.js';
import { readFootage, writeObject, writeStream } from '../../support/recorder/hybrid-object.js';
import { hashPackets, relative } from '../../support/recorder/packets.js';
import { Stage } from '../../support/recorder/stage.js';
import { checkVideo } from '../../support/recorder/video-check.js';

const T = 1_800_000_000_000;
/** None is a whole number of frames at 25 a second. */
const AWKWARD_GAPS_MS = [7, 1_013, 13, 333, 20.5, 3_007.3, 27, 1_519, 1, 33, 707, 39];

describe('streamFragments and placeOnTimeline', () => {
  /** The captures one behind the other, again and again, with the gaps between them. */
  function repeat(captures: StoredCapture[], gapsMs: number[]): Take<StoredCapture>[] {
    let endMs = T;
    const placed = [0, ...gapsMs].map((gapMs, index) => {
      const one = captures[index % captures.length]!;
      const [first, last] = [one.fragments[0]!, one.fragments.at(-1)!];
      const epochMs = endMs + gapMs - first.startMs;
      endMs = epochMs + last.startMs + last.durationMs;
      return { ...one, epochMs };
    });
    return selectFootage(placed, { startMs: 0, endMs: Infinity });
  }

  const profiles: CameraProfileName[] = ['h264-silent', 'h264-aac', 'h264-pcmu', 'h264-bframes', 'h265'];
  it.concurrent.each(profiles)(
    'keeps the rhythm of the frames over gaps of any length: nobody complains about %s',
    (profile) =>
      Stage.with({ profile, gopSec: 1 }, async (stage) => {
        await stage.record(2);
        await stage.record(3);
        const { dir, log } = stage.rig;
        const captures = await log.readCaptures(CAM);
        // A run that was killed before its second fragment.
        const killed = { ...captures[0]!, captureId: 'killed', fragments: captures[0]!.fragments.slice(0, 1) };
        const takes = repeat([...captures, killed], AWKWARD_GAPS_MS);
        const out = join(dir, 'out.mp4');
        const footage = await readFootage(takes);
        await writeObject(out, footage, null);
        const { complaints, presentationSec, durationSec } = await checkVideo(out);
        expect(complaints).toBe('');
        const frames = takes.flatMap(({ fragments }) => fragments).reduce((sum, each) => sum + each.frames, 0);
        // B-frames at the end of a take may lean on pictures that never came.
        const lost = frames - (await readFrameCounters(out)).length;
        expect(lost).toBeLessThanOrEqual(profile === 'h264-bframes' ? takes.length * 2 : 0);
        const stream = join(dir, 'stream.mp4');
        await writeStream(stream, takes);
        const [pictures, streamed] = [await hashPackets(out), await hashPackets(stream)].map(
          ({ streams }) => streams[0]!,
        );
        expect(relative(pictures!)).toEqual(relative(streamed!));
        const steps = presentationSec.slice(1).map((at, index) => at - presentationSec[index]!);
        expect(Math.min(...steps)).toBeGreaterThan(0.039);
        // One rhythm for all: players and encoders that count frames never meet two of them in one beat, nor miss one.
        const beats = presentationSec.map((at) => (at - presentationSec[0]!) / 0.04);
        const offBeat = beats.filter((beat) => Math.abs(beat - Math.round(beat)) > 0.05);
        expect(offBeat).toEqual([]);
        // Audio that goes on behind the last picture holds the next take back; the clock then catches up in the next long gap.
        const wallSec = (takes.at(-1)!.span.endMs - takes[0]!.span.startMs) / 1_000;
        expect(Math.abs(durationSec - wallSec)).toBeLessThan(0.5);
      }),
  );
});
