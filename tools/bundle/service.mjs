import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from './packages.mjs';

/**
 * `build/`, as the compiler wrote it, and the packages that it imports become the few files of `dist/`: to find and read 2,800 files was
 * most of what a start took.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUT_DIR = `${ROOT}dist`;

/** A file of ours that looks for another one starts from where the compiler put it. */
const ownAddresses = {
  name: 'own-addresses',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(`${ROOT}build`)) return undefined;
      const source = await readFile(path, 'utf8');
      if (!source.includes('import.meta.url')) return undefined;
      const address = JSON.stringify(relative(OUT_DIR, path).replaceAll('\\', '/'));
      const contents = source.replaceAll('import.meta.url', `new URL(${address}, import.meta.url).href`);
      return { contents, loader: 'js' };
    });
  },
};

await rm(OUT_DIR, { recursive: true, force: true });
await build({
  ...BUNDLE_OPTIONS,
  entryPoints: [`${ROOT}build/main.js`],
  absWorkingDir: ROOT,
  outdir: OUT_DIR,
  plugins: [ownAddresses, ...BUNDLE_OPTIONS.plugins],
});
