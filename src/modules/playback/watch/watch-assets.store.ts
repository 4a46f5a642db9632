import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Injectable } from '@nestjs/common';

export interface Asset {
  bytes: Buffer;
  contentType: string;
}

/** Beside `src` and `dist`, which are equally deep. */
const PAGE_DIR = new URL('../../../../web/watch/', import.meta.url);
const [SCRIPT, STYLE] = ['text/javascript; charset=utf-8', 'text/css; charset=utf-8'];
const SCRIPTS = ['watch.js', 'access.js', 'player.js', 'spans.js', 'timeline.js', 'words.js'];

/** The files of the watch page, read once. They are served under a name that changes with them, so a browser may keep them for ever. */
@Injectable()
export class WatchAssets {
  /** Stands for all of them as they are. */
  readonly version: string;
  /** The page; it holds nothing of any playback. */
  readonly page: string;
  private readonly files = new Map<string, Asset>();

  constructor() {
    const page = readFileSync(new URL('watch.html', PAGE_DIR), 'utf8');
    for (const name of SCRIPTS) this.add(name, new URL(name, PAGE_DIR), SCRIPT);
    this.add('watch.css', new URL('watch.css', PAGE_DIR), STYLE);
    this.add('hls.min.js', createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'), SCRIPT);
    const digest = createHash('sha256').update(page);
    for (const { bytes } of this.files.values()) digest.update(bytes);
    this.version = digest.digest('hex').slice(0, 12);
    this.page = page.replaceAll('{{version}}', this.version);
  }

  /** Null when there is no such file, or not any more. */
  find(version: string, name: string): Asset | null {
    return version === this.version ? (this.files.get(name) ?? null) : null;
  }

  private add(name: string, path: URL | string, contentType: string): void {
    this.files.set(name, { bytes: readFileSync(path), contentType });
  }
}
