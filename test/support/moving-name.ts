import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PRELOAD = pathToFileURL(fileURLToPath(new URL('name-lookup.mjs', import.meta.url))).href;

/** A host name whose address a test can change under a running service. */
export interface MovingName {
  /** For the service; a variable of the parent is kept. */
  env: Record<string, string>;
  moveTo(address: string): Promise<void>;
  remove(): Promise<void>;
}

/** @param address IPv4 */
export async function giveName(name: string, address: string): Promise<MovingName> {
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-names-'));
  const file = join(dir, 'names.json');
  const moveTo = async (to: string) => {
    await writeFile(`${file}.new`, JSON.stringify({ [name]: to }));
    await rename(`${file}.new`, file);
  };
  await moveTo(address);
  const options = `${process.env['NODE_OPTIONS'] ?? ''} --import=${PRELOAD}`.trim();
  return {
    env: { NODE_OPTIONS: options, HINDSIGHT_TEST_NAMES: file },
    moveTo,
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
