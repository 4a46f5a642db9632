import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ZodType } from 'zod';
import { runChild } from '../../../src/common/child.process.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCUMENT = join(ROOT, 'docs/openapi.json');

/** Written against both clients: it compiles when their types say what the document means, and only then. */
const USE = `
import type { components, operations } from './types.js';
import type { EndReason, GetPlaybackResponse, Problem } from './zod/types.gen.js';

type Playback = components['schemas']['PlaybackResponse'];

export const open: Pick<Playback, 'endReason' | 'assembly' | 'failure'> = { endReason: null, assembly: null, failure: null };
export const ended: Pick<GetPlaybackResponse, 'endReason'> = { endReason: 'event_ended' satisfies EndReason };
// @ts-expect-error: a reason that the service does not know
export const bored: Pick<Playback, 'endReason'> = { endReason: 'bored' };
// @ts-expect-error: the same by the other client
export const tired: EndReason = 'bored';
export const later: Pick<Problem, 'code'> = { code: 'CAMERA.A_CODE_OF_A_LATER_VERSION' };
export const statuses: (keyof operations['createEvent']['responses'])[] = [200, 201, 'default'];
export const change: NonNullable<operations['updateCamera']['requestBody']>['content']['application/json'] = {};
// @ts-expect-error: a camera needs a name
export const nameless: NonNullable<operations['createCamera']['requestBody']>['content']['application/json'] = {};
`;

/** The schemas that a client generator made of docs/openapi.json, by their names. */
export type Schemas = Record<string, ZodType | undefined>;

/**
 * Generates a client of types and one that checks at run time, and compiles both together with a program that uses them.
 * @throws when a generator or the compiler does not take it
 */
export async function generateClients(): Promise<Schemas> {
  // Where the library of the generated schemas is found.
  await mkdir(join(ROOT, '.cache'), { recursive: true });
  const dir = await mkdtemp(join(ROOT, '.cache/clients-'));
  try {
    await run('openapi-typescript/bin/cli.js', DOCUMENT, '-o', join(dir, 'types.ts'));
    const plugins = ['-p', '@hey-api/typescript', 'zod'];
    await run('@hey-api/openapi-ts/bin/run.js', '-i', DOCUMENT, '-o', join(dir, 'zod'), '--no-log-file', ...plugins);
    await writeFile(join(dir, 'use.ts'), USE);
    const files = ['use.ts', 'zod/zod.gen.ts'].map((name) => join(dir, name));
    const strict = ['--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'esnext'];
    await run('typescript/bin/tsc', ...strict, '--moduleResolution', 'bundler', '--outDir', join(dir, 'js'), ...files);
    return (await import(pathToFileURL(join(dir, 'js/zod/zod.gen.js')).href)) as Schemas;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Runs a program of a package. What it says goes into the error. */
async function run(program: string, ...args: string[]): Promise<void> {
  try {
    await runChild(process.execPath, [join(ROOT, 'node_modules', program), ...args], { cwd: ROOT, timeout: 120_000 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}
