import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isKey } from './domain/object-key.js';
import { whenMissing } from './local-files.js';

interface Wanted {
  prefix: string;
  after: string;
}

/**
 * The keys of the files below `root` that begin with `prefix` and come after `after`, in the order of a bucket. Only folders that may hold one
 * are read, and each only when it is its turn. What is named as no key is, such as our own files and folders, is passed over.
 */
export async function* walkKeys(root: string, wanted: Wanted): AsyncGenerator<string> {
  const folder = wanted.prefix.slice(0, wanted.prefix.lastIndexOf('/') + 1);
  if (folder === '' || isKey(folder.slice(0, -1))) yield* keysIn(root, folder, wanted);
}

async function* keysIn(root: string, folder: string, wanted: Wanted): AsyncGenerator<string> {
  for (const name of await namesIn(join(root, folder))) {
    const path = `${folder}${name}`;
    if (!path.endsWith('/')) {
      if (path.startsWith(wanted.prefix) && path > wanted.after) yield path;
    } else if (mayHold(path, wanted)) yield* keysIn(root, path, wanted);
  }
}

/** All keys in a folder begin with its path, so they are before or after any text that does not. */
function mayHold(folder: string, { prefix, after }: Wanted): boolean {
  const hasPrefix = folder.startsWith(prefix) || prefix.startsWith(folder);
  return hasPrefix && (folder > after || after.startsWith(folder));
}

/**
 * What is in a folder in the order of the keys, where a folder's name ends in the slash that follows it in them: `a-b` is before `a/b`, as `-` is
 * before `/`. Names that can be in a key are ASCII, so that the order of text is that of bytes.
 */
async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true }).catch(whenMissing<Dirent[]>([]))) {
    if (!isKey(entry.name)) continue;
    // The operator may have laid a folder on another disk.
    const kind = entry.isSymbolicLink() ? await stat(join(path, entry.name)).catch(whenMissing(null)) : entry;
    if (kind?.isDirectory()) names.push(`${entry.name}/`);
    else if (kind?.isFile()) names.push(entry.name);
  }
  return names.sort();
}
