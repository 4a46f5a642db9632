import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../test/support/browser.js';
import type { Bench } from './bench.js';

/** Runs before the page's own scripts: notes when its `<video>` has shown a picture, in milliseconds since the page was asked for. */
const WATCHER = `
  const found = setInterval(() => {
    const video = document.querySelector('video');
    if (!video) return;
    clearInterval(found);
    video.requestVideoFrameCallback(() => (window.firstPictureMs = performance.now()));
  }, 5);
`;
/** Asks by itself, since the page's policy forbids what a browser driver would run in it to wait. */
const FIRST_PICTURE = `new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('no picture within a minute')), 60_000);
  const shown = setInterval(() => {
    if (window.firstPictureMs === undefined) return;
    clearInterval(shown);
    resolve(window.firstPictureMs);
  }, 5);
})`;

/** A headless browser that stays open, with an empty cache for every page. */
export class PictureBrowser {
  private constructor(private readonly browser: Browser) {}

  static async open(bench: Bench): Promise<PictureBrowser> {
    const browser = await launchBrowser();
    bench.onClose(() => browser.close());
    return new PictureBrowser(browser);
  }

  /** Milliseconds from asking for the page to its first picture. */
  async timeFirstPicture(url: string): Promise<number> {
    const context = await this.browser.newContext();
    try {
      const page = await context.newPage();
      await page.addInitScript(WATCHER);
      await page.goto(url);
      return await page.evaluate<number>(FIRST_PICTURE);
    } finally {
      await context.close();
    }
  }
}
