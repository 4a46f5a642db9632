import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type CaptureRig, makeCaptureRig } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import {
  addRecorder,
  iso,
  type ListedPart,
  readPlaylist,
  type RecorderRig,
  startTimelineRig,
  type TimelineRig,
} from './timeline-rig.js';

/** Real time for the camera, on a machine that does other things. */
jest.setTimeout(180_000);

describe('the pictures of a playlist', () => {
  let camera: VirtualCamera | undefined;
  let capturing: CaptureRig | undefined;
  let rig: TimelineRig | undefined;
  let recorder: RecorderRig | undefined;
  afterEach(async () => {
    await capturing?.remove();
    await camera?.stop();
    await recorder?.remove();
    await rig?.close();
  });

  it('are all that the camera sent, over a new segment and over a gap, out of the store and out of the log', async () => {
    const fromMs = Date.now() - 1_000;
    camera = await startVirtualCamera({ profile: 'h264-aac', gopSec: 1 });
    capturing = await makeCaptureRig(camera);
    const { capture, told } = capturing;
    const further = async (count: number) => {
      const wanted = told.fragments.length + count;
      await eventually(() => expect(told.fragments.length).toBeGreaterThanOrEqual(wanted));
    };
    capture.demand('test');
    await further(13); // longer than a segment of this log
    await camera.reboot({ forSec: 2 });
    await further(4);
    capture.release('test');
    await capture.idle();

    rig = await startTimelineRig(Date.now());
    const cameraId = await rig.insertCamera();
    recorder = await addRecorder(rig, cameraId);
    await rename(join(capturing.dir, 'cameras'), join(recorder.homeDir, 'cameras'));
    await rename(join(recorder.homeDir, 'cameras', 'cam'), join(recorder.homeDir, 'cameras', cameraId));
    const captures = await recorder.read(cameraId);
    expect(captures).toHaveLength(2);
    const [first] = captures;
    expect(new Set(first!.fragments.map(({ segment }) => segment)).size).toBeGreaterThan(1);
    await recorder.publish(cameraId, first!.captureId, 1);

    const { text } = await rig.ask(cameraId, 'playlist.m3u8', { from: iso(fromMs), to: iso(Date.now() + 1_000) });
    const runs = runsOf(readPlaylist(text));
    expect(runs).toHaveLength(2);
    for (const [index, run] of runs.entries()) {
      const path = join(recorder.homeDir, `run-${index}.mp4`);
      const pieces = [run[0]!.init, ...run.map(({ uri }) => uri)].map(async (uri) => {
        const headers = { authorization: `Bearer ${rig!.viewer}` };
        const response = await fetch(new URL(uri, `${rig!.url}/cameras/${cameraId}/footage/`), { headers });
        expect(response.status).toBe(200);
        return Buffer.from(await response.arrayBuffer());
      });
      await writeFile(path, Buffer.concat(await Promise.all(pieces)));
      const counters = await readFrameCounters(path);
      expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
      expect(counters).toHaveLength(captures[index]!.fragments.reduce((sum, { frames }) => sum + frames, 0));
    }
  });
});

function runsOf(parts: ListedPart[]): ListedPart[][] {
  const runs: ListedPart[][] = [];
  for (const part of parts) {
    if (part.isNewRun || runs.length === 0) runs.push([]);
    runs.at(-1)!.push(part);
  }
  return runs;
}
