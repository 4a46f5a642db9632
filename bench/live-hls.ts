import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf, type StreamUrlResponse } from '@hindsight/client';
import { UNREADABLE } from '@hindsight/virtual-camera';
import { freePort } from '../tools/free-port.js';
import { WatchedPage } from '../test/support/browser-watch.js';
import type { Bench } from './support/bench.js';
import type { Cameras } from './support/cameras.js';
import { PictureBrowser } from './support/first-picture.js';
import { addCameras, end, type Recording, trigger, waitForStatus } from './support/recordings.js';
import { percentile, percentileRows, type Row, toRow } from './support/rows.js';
import { copyStream } from './support/static-stream.js';

const TRIALS = 10;
const EARLY_TRIALS = 3;
const GOP_SEC = 1;
const FPS = 25;
/** Enough for a player to begin wherever it likes. */
const FOOTAGE_MS = 15_000;

/** How long does somebody who opens the watch page during a recording wait for the first picture, and how old is what is shown? */
export async function run(bench: Bench): Promise<Row[]> {
  const cameras = await bench.startCameras(1, { gopSec: GOP_SEC });
  const port = String(await freePort()); // which stands in the links
  const { service, database } = await bench.startService({ PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` });
  const [cameraId = ''] = await addCameras(service, cameras.infos);
  const browser = await PictureBrowser.open(bench);
  const recording = await trigger(service, cameraId);
  await waitForStatus(database, [recording], 'RECORDING');
  const linksOf = ({ playbackId: id }: Recording) =>
    bodyOf(service.api.GET('/playbacks/{id}/stream-url', { params: { path: { id } } }));
  const links = await linksOf(recording);
  await delay(FOOTAGE_MS);
  const bareUrl = await copyStream(bench, links.playlistUrl);
  bench.say(`  ${TRIALS} times each, by turns …`);
  const [ours, bare]: [number[], number[]] = [[], []];
  await browser.timeFirstPicture(bareUrl); // the browser's own first page
  for (let trial = 0; trial < TRIALS; trial += 1) {
    ours.push(await browser.timeFirstPicture(links.watchUrl));
    bare.push(await browser.timeFirstPicture(bareUrl));
  }
  bench.say('  how old the picture is …');
  const ages = await watchAges(links, cameras, cameras.infos[0]!.loopLength);
  await end(service, recording);
  await waitForStatus(database, [recording], 'COMPLETED');
  bench.say('  opened with the trigger …');
  const [early, begun]: [number[], number[]] = [[], []];
  for (let trial = 0; trial < EARLY_TRIALS; trial += 1) {
    const other = await trigger(service, cameraId);
    const [pictureMs, seen] = await Promise.all([
      linksOf(other).then(({ watchUrl }) => browser.timeFirstPicture(watchUrl)),
      waitForStatus(database, [other], 'RECORDING'),
    ]);
    early.push(pictureMs);
    begun.push(seen.get(other.playbackId)! - other.triggeredAtMs);
    await end(service, other);
    await waitForStatus(database, [other], 'COMPLETED');
  }
  return [
    ...percentileRows({
      ...{ question: 'page opened while it is recorded: to the first picture', ours, limit: bare, unit: 'ms' },
      limitIs: 'a bare page with hls.js on the same segments as finished files',
    }),
    ...percentileRows({
      ...{ question: 'page opened with the trigger, cold: to the first picture', ours: early, limit: begun },
      ...{ unit: 'ms', limitIs: 'trigger to the first fragment, which is no picture yet' },
    }),
    toRow({
      ...{ question: 'the picture behind the camera, p50', ours: percentile(ages.picture, 0.5), unit: 's' },
      ...{ limit: percentile(ages.newest, 0.5), n: TRIALS, limitIs: 'the end of the newest segment in the playlist' },
    }),
  ];
}

/** Seconds between what the camera sends and what is shown, by the number in the picture, and what could be shown at most. */
async function watchAges(
  { watchUrl, playlistUrl }: StreamUrlResponse,
  cameras: Cameras,
  loopLength: number,
): Promise<{ picture: number[]; newest: number[] }> {
  const ages = { picture: [] as number[], newest: [] as number[] };
  const page = await WatchedPage.open(watchUrl);
  try {
    await page.until(({ currentSec, counter, frames }) => currentSec > 1 && frames > FPS && counter !== UNREADABLE);
    while (ages.picture.length < TRIALS) {
      const { counter } = await page.look();
      const nowMs = Date.now();
      const [{ firstCounter, framesSent } = { firstCounter: 0, framesSent: 0 }] = await cameras.report([nowMs]);
      const playlist = await (await fetch(playlistUrl)).text();
      if (counter === UNREADABLE) continue;
      ages.picture.push(((firstCounter + framesSent - 1 - counter + 10 * loopLength) % loopLength) / FPS);
      ages.newest.push((nowMs - endOf(playlist)) / 1_000);
      await delay(700);
    }
  } finally {
    await page.close();
  }
  return ages;
}

/** The instant up to which a playlist has footage. */
function endOf(playlist: string): number {
  let atMs = 0;
  for (const line of playlist.split('\n')) {
    const date = /^#EXT-X-PROGRAM-DATE-TIME:(.+)$/.exec(line)?.[1];
    if (date !== undefined) atMs = Date.parse(date);
    atMs += Number(/^#EXTINF:([\d.]+)/.exec(line)?.[1] ?? 0) * 1_000;
  }
  return atMs;
}
