import { join } from 'node:path';
import { readFrameCounters, startVirtualCamera, UNREADABLE, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { selectFootage, type Take } from '../../../src/modules/footage/domain/footage.js';
import { FfmpegAssembler } from '../../../src/modules/delivery/ffmpeg-assembler.process.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { findBrowserForTests, playFileInBrowser, serveFile } from '../../support/browser.js';
import { WatchedPage } from '../../support/browser-watch.js';
import { CAM, type CaptureRig, findTools, makeCaptureRig } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { readFootage, writeObject } from '../../support/recorder/hybrid-object.js';
import { checkVideo, type VideoCheck } from '../../support/recorder/video-check.js';

const ALL_TIME = { startMs: 0, endMs: Infinity };
/** Real time for the camera and for the player, and encoders that give way to everything else. */
jest.setTimeout(240_000);
const BEEP_HZ = 880;
/** The smallest that is as large as a picture of MJPEG may be: whether it plays is not a question of its size. */
const LARGE = { width: 320, height: 184 };
const OTHER = { codec: 'mjpeg', width: 240, height: 136 } as const;
/** Some of them hold what is recorded here. */
const PART_BYTES = 1 << 16;

const browser = findBrowserForTests();

(browser ? describe : describe.skip)('A browser', () => {
  let camera: VirtualCamera | undefined;
  let rig: CaptureRig | undefined;
  afterEach(async () => {
    await rig?.remove();
    await camera?.stop();
    camera = rig = undefined;
  });

  it('plays a file with a gap, and one of a camera that came back with another stream, from start to end', async () => {
    const takes = await recordThree();
    const gap = { fromSec: seconds(takes, takes[0]!.span.endMs), toSec: seconds(takes, takes[1]!.span.startMs) };
    expect(gap.toSec - gap.fromSec).toBeGreaterThan(2);

    const copied = await makeObject('copied', takes.slice(0, 2), { whileRecording: true });
    const heard = await playFileInBrowser(copied.path, { toneHz: BEEP_HZ });
    expectPlayed(heard, copied);
    // The sound waits for the end of the gap, as the picture does.
    expect(heard.tonesSec.filter((at) => at > gap.fromSec + 0.2 && at < gap.toSec - 0.2)).toEqual([]);
    expect(heard.tonesSec.filter((at) => at < gap.fromSec).length).toBeGreaterThanOrEqual(2);
    expect(heard.tonesSec.filter((at) => at > gap.toSec).length).toBeGreaterThanOrEqual(2);

    await expectSeeks(copied);

    const assembler = new FfmpegAssembler(await findTools());
    const { capture, assembly } = await assembler.assemble(takes, join(rig!.dir, 'fragments.mp4'));
    expect(assembly).toBe('re_encoded');
    const encoded = await makeObject('encoded', selectFootage([capture], ALL_TIME), { whileRecording: false });
    const seen = await playFileInBrowser(encoded.path, { rate: 4 });
    expectPlayed(seen, encoded);
    expect(Math.abs(seen.durationSec - seconds(takes, takes[2]!.span.endMs))).toBeLessThan(0.5);
    await expectSeeks(encoded);
  });

  /** Footage, the same after a reboot, and that of another codec and size after one more. */
  async function recordThree(): Promise<Take<StoredCapture>[]> {
    camera = await startVirtualCamera({ profile: 'h264-aac', video: LARGE, gopSec: 1 });
    const change = { video: OTHER, audio: 'pcmu' } as const;
    await camera.changeStream(change); // encoded beforehand, which takes its time
    await camera.changeStream({});
    rig = await makeCaptureRig(camera, { tools: await findTools() });
    const { capture, told, log } = rig;
    const further = async (count: number) => {
      const wanted = told.fragments.length + count;
      await eventually(() => expect(told.fragments.length).toBeGreaterThanOrEqual(wanted));
    };
    capture.demand('test');
    await further(4);
    await camera.reboot({ forSec: 3 });
    await further(4);
    await camera.reboot({ forSec: 0.5, change });
    await further(3);
    capture.release('test');
    await capture.idle();
    const takes = selectFootage(await log.readCaptures(CAM), ALL_TIME);
    expect(takes).toHaveLength(3);
    return takes;
  }

  function seconds(takes: readonly Take[], atMs: number): number {
    return (atMs - takes[0]!.span.startMs) / 1_000;
  }

  /** As the store would hold it, with the last fragments in front when most of it was sent while it was recorded. */
  async function makeObject(
    name: string,
    takes: Take<StoredCapture>[],
    { whileRecording }: { whileRecording: boolean },
  ) {
    const path = join(rig!.dir, `${name}.mp4`);
    const footage = await readFootage(takes);
    const sentBytes = Math.floor(footage.stream.length / PART_BYTES) * PART_BYTES;
    expect(sentBytes).toBeGreaterThan(PART_BYTES);
    const { offsets } = await writeObject(
      path,
      footage,
      whileRecording ? { partSizeBytes: PART_BYTES, bytes: sentBytes } : null,
    );
    expect(offsets.at(-1)! < offsets[0]!).toBe(whileRecording);
    return { path, ...(await checkVideo(path)) };
  }

  /** Wherever a `<video>` is sent to, it shows the picture that belongs there, known by the number in it. */
  async function expectSeeks({ path, durationSec, presentationSec }: VideoCheck & { path: string }): Promise<void> {
    const counters = await readFrameCounters(path);
    expect(counters).toHaveLength(presentationSec.length);
    const file = await serveFile(path);
    const page = await WatchedPage.open(file.url);
    try {
      for (const share of [0.9, 0.1, 0.5, 0.98, 0.35, 0.72, 0.02]) {
        const { counter, currentSec, error } = await page.seek(share * durationSec);
        const index = presentationSec.findLastIndex((sec) => sec <= currentSec + 0.001);
        expect([share, error, counters.slice(Math.max(0, index - 1), index + 2)]).toEqual([
          share,
          null,
          expect.arrayContaining([counter]),
        ]);
        expect([share, counter]).not.toEqual([share, UNREADABLE]);
      }
    } finally {
      await page.close();
      file.close();
    }
  }

  function expectPlayed(
    played: Awaited<ReturnType<typeof playFileInBrowser>>,
    { complaints, durationSec, presentationSec }: VideoCheck,
  ): void {
    expect(played).toMatchObject({ error: null, ended: true, ...LARGE, hasSound: true });
    expect(complaints).toBe('');
    expect(played.frames).toBe(presentationSec.length);
    expect(played.durationSec).toBeCloseTo(durationSec, 1);
    expect(played.currentSec).toBeCloseTo(durationSec, 1);
  }
});
