import type { StreamUrlResponse } from '@hindsight/client';
import { startVirtualCamera, UNREADABLE, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { findBrowserForTests } from '../support/browser.js';
import { type SeenPicture, WatchedPage } from '../support/browser-watch.js';
import { CorsProxy } from '../support/cors-proxy.js';
import { startS3 } from '../support/s3/s3-test-server.js';
import { secret } from '../support/secrets.js';
import { addCamera, endEvent, ODD_PASSWORD, trigger, waitForFootage, waitUntilCompleted } from './support/recording.js';
import { TestService } from './support/test-service.js';

const browser = findBrowserForTests();

(browser ? describe : describe.skip)('the watch page in a browser', () => {
  let service: TestService;
  let camera: VirtualCamera;
  let cameraId: string;
  let watched: WatchedPage | undefined;

  beforeAll(async () => {
    service = await TestService.launch({ env: { RECONCILE_MS: '500' } });
    camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: secret(ODD_PASSWORD) });
    cameraId = await addCamera(service, camera, { name: 'Front door' });
  });

  afterEach(async () => {
    await watched?.close();
    watched = undefined;
  });

  afterAll(async () => {
    await service?.close();
    await camera?.stop();
  });

  async function open(playbackId: string, of = service): Promise<WatchedPage> {
    const { watchUrl } = await of.call<StreamUrlResponse>('GET', `/playbacks/${playbackId}/stream-url`);
    watched = await WatchedPage.open(watchUrl);
    return watched;
  }

  const isMoving = ({ frames, currentSec, counter }: SeenPicture) =>
    frames > 20 && currentSec > 1 && counter !== UNREADABLE;

  it('shows a recording while it goes on, plays on over its end, and seeks anywhere in it afterwards', async () => {
    const event = await trigger(service, cameraId);
    const page = await open(event.playbackId);
    const first = await page.until(isMoving);
    const later = await page.until(({ currentSec }) => currentSec > first.currentSec + 4);
    expect(framesBetween(first, later)).toBeCloseTo((later.currentSec - first.currentSec) * camera.fps, -1);
    await waitForFootage(service, event.playbackId, 12_000);
    await endEvent(service, event.id);
    const { durationMs } = await waitUntilCompleted(service, event.playbackId);
    const end = await page.until(({ ended }) => ended);
    expect(end).toMatchObject({ waits: 0, error: null });
    expect(Math.abs(end.durationSec - durationMs! / 1_000)).toBeLessThan(0.2);
    await expectSeeks(page, end.durationSec);
    expect(page.complaints).toEqual([]);
    const at = `/playbacks/${event.playbackId}`;
    expect([...page.loaded]).toContainEqual(expect.stringMatching(`^${at}/stream/segment/.+\\.m4s$`));
    await page.close();

    const fresh = await open(event.playbackId);
    const whole = await fresh.until(isMoving);
    expect(Math.abs(whole.durationSec - durationMs! / 1_000)).toBeLessThan(0.2);
    await expectSeeks(fresh, whole.durationSec);
    expect(fresh.complaints).toEqual([]);
    expect([...fresh.loaded]).toEqual(expect.arrayContaining([`${at}/stream/init/0.mp4`, `${at}/video`]));
  }, 120_000);

  it('asks for a login without a link, and shows where footage is missing when the camera went away for a while', async () => {
    const event = await trigger(service, cameraId);
    watched = await WatchedPage.open(`${service.baseUrl}/playbacks/${event.playbackId}/watch`);
    const { page } = watched;
    const guest = { username: 'guest', password: secret('password-of-the-guest') };
    await service.call('POST', '/users', { body: { ...guest, role: 'VIEWER' } });
    await page.fill('#username', guest.username);
    await page.fill('#password', 'a wrong password');
    await page.click('#login button');
    await page.locator('#fault:not(:empty)').waitFor();
    expect((await watched.look()).frames).toBe(0);
    await page.fill('#password', guest.password);
    await page.click('#login button');
    await watched.until(isMoving);
    await camera.reboot({ forSec: 3 });
    const resumed = await waitForFootage(service, event.playbackId, 0);
    await waitForFootage(service, event.playbackId, resumed.progress!.durationMs! + 4_000);
    await endEvent(service, event.id);
    const { completeness } = await waitUntilCompleted(service, event.playbackId);
    const end = await watched.until(({ ended }) => ended);
    expect(end.error).toBeNull();
    expect(Math.abs(end.durationSec - completeness.storedMs! / 1_000)).toBeLessThan(1.5);
    expect(await page.locator('#track span').count()).toBe(2);
    expect(await page.innerText('#gaps')).toMatch(/missing at .*camera/);
    // The player's time has no gap, but what is later there was taken later.
    const seen: SeenPicture[] = [];
    for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) seen.push(await watched.seek(share * end.durationSec));
    const steps = seen.slice(1).map((each, index) => framesBetween(seen[index]!, each));
    const lengthFrames = (completeness.expectedMs! / 1_000) * camera.fps;
    expect(steps.reduce((sum, step) => sum + step, 0)).toBeLessThan(lengthFrames);
    expect(page.url()).not.toMatch(/signature|token|password/);
    expect(watched.complaints).toEqual([]);
  }, 120_000);

  it('plays a video out of the bucket, past the service', async () => {
    const s3 = await startS3();
    const bucket = await CorsProxy.start(() => s3.publicUrl);
    const own = await TestService.launch({ env: { ...s3.env, R2_PUBLIC_URL: bucket.url, RECONCILE_MS: '500' } });
    try {
      const event = await trigger(own, await addCamera(own, camera));
      await waitForFootage(own, event.playbackId, 5_000);
      await endEvent(own, event.id);
      await waitUntilCompleted(own, event.playbackId);
      const page = await open(event.playbackId, own);
      const whole = await page.until(isMoving);
      await expectSeeks(page, whole.durationSec);
      expect([...page.loaded].filter((path) => /video/.test(path))).toEqual([
        `/playbacks/${event.playbackId}/video.mp4`,
      ]);
      expect(page.complaints).toEqual([]);
    } finally {
      await own.close();
      bucket.stop();
      await s3.stop();
    }
  }, 120_000);

  /** Each picture says by its number that it belongs where it is shown. */
  async function expectSeeks(page: WatchedPage, durationSec: number): Promise<void> {
    const origin = await page.seek(0.5);
    for (const share of [0.9, 0.1, 0.5, 0.35, 0.72]) {
      const seen = await page.seek(0.5 + share * (durationSec - 1));
      const expected = (seen.currentSec - origin.currentSec) * camera.fps;
      expect([share, Math.abs(framesBetween(origin, seen) - expected) <= 1]).toEqual([share, true]);
    }
  }

  function framesBetween(from: SeenPicture, to: SeenPicture): number {
    expect([from.counter, to.counter]).not.toContain(UNREADABLE);
    const between = to.counter - from.counter;
    // The camera's clip goes round and round.
    return from.currentSec < to.currentSec && between < 0 ? between + camera.loopLength : between;
  }
});
