import { spawnSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const PLAYER = fileURLToPath(new URL('./browser-player.html', import.meta.url));
const DEFAULTS = { rate: 1, timeoutMs: 120_000 };
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
/** Debian's Chromium decodes H.264 and AAC; the builds of the Chromium project do not. */
export const BROWSER_PACKAGE = 'chromium';

/** How a browser's `<video>` fared with a URL. */
export interface BrowserPlayback {
  /** As the element tells it; null when all went well. */
  error: string | null;
  ended: boolean;
  durationSec: number;
  /** Where it stood at the end. */
  currentSec: number;
  width: number;
  height: number;
  /** Frames that were decoded, shown or not. */
  frames: number;
  /** Whether sound was decoded. */
  hasSound: boolean;
  /** Media time of each moment at which a tone of `toneHz` set in. */
  tonesSec: number[];
}

export interface BrowserPlaybackOptions {
  /** 1: as recorded. */
  rate?: number;
  /** A tone to listen for; needs rate 1. */
  toneHz?: number;
  timeoutMs?: number;
}

/** The browser on this machine, CHROMIUM_PATH or one on PATH, or null. */
export function findBrowser(): string | null {
  const named = process.env['CHROMIUM_PATH'];
  const found = named ? [named] : NAMES.flatMap((name) => which(name));
  return found[0] ?? null;
}

/** The same for tests that are left out where there is none. @throws where HINDSIGHT_REQUIRE_BROWSER=1 says that none may be left out */
export function findBrowserForTests(): string | null {
  const browser = findBrowser();
  if (!browser && process.env['HINDSIGHT_REQUIRE_BROWSER'] === '1') {
    throw new Error(`HINDSIGHT_REQUIRE_BROWSER=1, but there is none: install ${BROWSER_PACKAGE}`);
  }
  return browser;
}

function which(name: string): string[] {
  const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
  return status === 0 ? [stdout.trim()] : [];
}

/** A browser without a window and without a sound card: pages decode and play sound all the same. @throws where there is none */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error(`no browser: install ${BROWSER_PACKAGE} or set CHROMIUM_PATH`);
  // As root there is no sandbox; nobody clicks in a test. A sound server's client would leave a folder behind.
  const args = ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-dev-shm-usage'];
  return chromium.launch({ executablePath, args: [...args, '--disable-audio-output'] });
}

/** Plays a video from start to end in a headless browser, muted to the ear but not to the page. */
export async function playInBrowser(url: string, options: BrowserPlaybackOptions = {}): Promise<BrowserPlayback> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    // A page of the video's own origin may listen to its sound.
    await page.route('**/player', (route) => route.fulfill({ contentType: 'text/html', path: PLAYER }));
    await page.goto(new URL('/player', url).href);
    return await page.evaluate<BrowserPlayback>(`play(${JSON.stringify({ ...DEFAULTS, ...options, url })})`);
  } finally {
    await browser.close();
  }
}

/** Plays a file from start to end, from a server of its own. */
export async function playFileInBrowser(path: string, options?: BrowserPlaybackOptions): Promise<BrowserPlayback> {
  const file = await serveFile(path);
  try {
    return await playInBrowser(file.url, options);
  } finally {
    file.close();
  }
}

/** A file on a server of its own, with ranges. */
export async function serveFile(path: string): Promise<{ url: string; close(): void }> {
  const { size } = await stat(path);
  const server = createServer(({ headers: { range } }, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = to ? Number(to) : size - 1;
    response.writeHead(range ? 206 : 200, {
      ...{ 'content-type': 'video/mp4', 'accept-ranges': 'bytes', 'content-length': end - start + 1 },
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    });
    createReadStream(path, { start, end }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/video.mp4`, close };
}
