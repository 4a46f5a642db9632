import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In the repository its `.cache`; where the package is installed, `node_modules/.cache`. */
const CACHE_DIR = fileURLToPath(new URL('../../../../.cache/clips', import.meta.url));
/** Raise it when the picture, the sound or the encoder's arguments change. */
const CLIP_VERSION = 2;

const beingMade = new Map<string, Promise<string>>();

/**
 * Path of the cached file for `key`, made by `make(path)` if it is not there.
 * The file appears by a rename, so that several processes may make the same one at once.
 */
export function cachedFile(key: object, extension: string, make: (path: string) => Promise<void>): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify([CLIP_VERSION, key, extension]))
    .digest('hex')
    .slice(0, 24);
  const path = join(CACHE_DIR, `${hash}.${extension}`);
  let making = beingMade.get(path);
  if (!making) {
    making = makeOnce(path, extension, make).finally(() => beingMade.delete(path));
    beingMade.set(path, making);
  }
  return making;
}

async function makeOnce(path: string, extension: string, make: (path: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path;
  await mkdir(CACHE_DIR, { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.${extension}`;
  try {
    await make(temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}
