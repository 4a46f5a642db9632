import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = `${ROOT}.cache/packages`;
/** What the most test files load, and what is large. Packages behind these come with them. */
const NAMES = [
  '@aws-sdk/client-s3',
  '@aws-sdk/lib-storage',
  '@aws-sdk/s3-request-presigner',
  '@nestjs/common',
  '@nestjs/common/constants.js',
  '@nestjs/common/enums/route-paramtypes.enum.js',
  '@nestjs/core',
  '@nestjs/jwt',
  '@nestjs/platform-express',
  '@nestjs/swagger',
  '@nestjs/typeorm',
  'class-transformer',
  'class-validator',
  'express',
  'fast-check',
  'graphile-worker',
  'helmet',
  'ipaddr.js',
  'passport',
  'passport-jwt',
  'pg',
  'pino',
  'prom-client',
  'rxjs',
  'temporal-polyfill',
  'typeorm',
];

/**
 * The packages that tests import, each as one file: Jest finds, reads and links every file of a package anew for each test file, which
 * was two seconds of CPU for each that knows NestJS. They are made once for each state of package-lock.json.
 * @returns for Jest's `moduleNameMapper`: every import of a name lands there, so that there is one of each
 */
export async function mapPackages() {
  const dir = `${CACHE}/${await stateOfPackages()}`;
  if (!(await exists(dir))) await bundlePackages(dir);
  return Object.fromEntries(NAMES.map((name) => [`^${name.replaceAll('.', '\\.')}$`, `${dir}/${fileOf(name)}.mjs`]));
}

async function stateOfPackages() {
  const hash = createHash('sha256').update(process.version);
  const makers = ['package-lock.json', 'tools/bundle/packages.mjs', 'test/support/packages.mjs'];
  for (const file of makers) hash.update(await readFile(ROOT + file));
  return hash.digest('hex').slice(0, 16);
}

async function bundlePackages(dir) {
  const { build } = await import('esbuild');
  const { BUNDLE_OPTIONS } = await import('../../tools/bundle/packages.mjs');
  const made = `${CACHE}/${randomBytes(8).toString('hex')}`;
  await mkdir(`${made}/entries`, { recursive: true });
  for (const name of NAMES) await writeFile(`${made}/entries/${fileOf(name)}.mjs`, await entryOf(name));
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: NAMES.map((name) => `${made}/entries/${fileOf(name)}.mjs`),
    absWorkingDir: ROOT,
    outdir: made,
    banner: { js: `import 'reflect-metadata';\n${BUNDLE_OPTIONS.banner.js}` },
    outExtension: { '.js': '.mjs' },
  });
  // Whole or not at all: another run may look at the same time, or have been faster.
  await rename(made, dir).catch(() => rm(made, { recursive: true }));
}

/** A module of CommonJS tells its names only when it runs. */
async function entryOf(name) {
  const names = Object.keys(await import(name)).filter((each) => each !== 'module.exports');
  const from = JSON.stringify(name);
  return names.length === 0 ? `import ${from};\n` : `export { ${names.join(', ')} } from ${from};\n`;
}

const fileOf = (name) => name.replaceAll('/', '__').replace(/\.js$/, '');

const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );
