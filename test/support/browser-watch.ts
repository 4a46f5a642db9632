import { setTimeout as delay } from 'node:timers/promises';
import { counterStripHeight, readCounter } from '@hindsight/virtual-camera';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.js';

/** What the page's `<video>` shows now. */
export interface SeenPicture {
  currentSec: number;
  durationSec: number;
  /** Decoded frames, shown or not. */
  frames: number;
  ended: boolean;
  paused: boolean;
  /** How often it had to wait for footage since the first picture moved; a wait for a seek does not count. */
  waits: number;
  error: string | null;
  /** The frame number in the picture; `UNREADABLE` when there is none. */
  counter: number;
}

/** Counts what interrupts a player, before any script of the page runs. */
const WATCHER = `
  window.watched = { waits: 0, moved: false };
  document.addEventListener('timeupdate', ({ target }) => { if (target.currentTime > 0) watched.moved = true; }, true);
  document.addEventListener('waiting', ({ target }) => { if (watched.moved && !target.seeking && !target.ended) watched.waits += 1; }, true);
`;

/** A page with one video in a headless browser. */
export class WatchedPage {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    /** What its console complains about. */
    readonly complaints: string[],
    /** Paths that it has loaded. */
    readonly loaded: Set<string>,
  ) {}

  static async open(url: string): Promise<WatchedPage> {
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1200, height: 860 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => {
      if (/Content Security Policy|Refused to/.test(line.text())) complaints.push(line.text());
    });
    const loaded = new Set<string>();
    page.on('requestfinished', (request) => loaded.add(new URL(request.url()).pathname));
    await page.addInitScript(WATCHER);
    await page.goto(url);
    return new WatchedPage(browser, page, complaints, loaded);
  }

  async look(): Promise<SeenPicture> {
    const { strip, ...seen } = await this.page.evaluate<Omit<SeenPicture, 'counter'> & { strip: number[] }>(LOOK);
    return { ...seen, counter: readCounter(Uint8Array.from(strip)) };
  }

  /** The picture as soon as `holds` says so; the error names the last one seen. */
  async until(holds: (seen: SeenPicture) => boolean, timeoutMs = 30_000): Promise<SeenPicture> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const seen = await this.look();
      if (holds(seen)) return seen;
      if (Date.now() > deadlineMs) {
        const text = await this.page.innerText('body');
        throw new Error(`within ${timeoutMs} ms only ${JSON.stringify(seen)}; the page says: ${text}`);
      }
      await delay(100);
    }
  }

  /** Goes to a moment, stops there, and gives the picture that is shown. */
  async seek(sec: number): Promise<SeenPicture> {
    await this.page.evaluate(`new Promise((resolve, reject) => {
      const video = document.querySelector('video');
      setTimeout(() => reject(new Error('no picture at ${sec} s')), 20_000);
      video.pause();
      // The event says that the picture is known; a busy machine shows it a while later, and one that is shown already comes no second time.
      const isIt = (_now, { mediaTime }) => {
        if (!video.seeking && Math.abs(mediaTime - video.currentTime) < 0.2) requestAnimationFrame(resolve);
        else video.requestVideoFrameCallback(isIt);
      };
      video.requestVideoFrameCallback(isIt);
      video.addEventListener('seeked', () => setTimeout(resolve, 2_000), { once: true });
      video.currentTime = ${sec};
    })`);
    return this.look();
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

const LOOK = `(() => {
  const video = document.querySelector('video');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 8];
  const context = canvas.getContext('2d');
  const stripHeight = (${counterStripHeight.toString()})(video.videoHeight);
  if (video.videoWidth > 0) context.drawImage(video, 0, 0, video.videoWidth, stripHeight, 0, 0, 64, 8);
  const { data } = context.getImageData(0, 0, 64, 8);
  return {
    currentSec: video.currentTime,
    durationSec: video.duration,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    ended: video.ended,
    paused: video.paused,
    waits: watched.waits,
    error: video.error && video.error.message,
    strip: Array.from({ length: 512 }, (_each, index) => data[index * 4]),
  };
})()`;
