import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../common/errors.js';
import { readProcess } from '../../common/process-table.js';
import { embeddedFailed } from './embedded-postgres-error.js';

interface Owner {
  pid: number;
  /** Null where the system does not tell: then nobody can say whether the owner lives, and it counts as dead. */
  startedAt: string | null;
}

const CLAIM_ATTEMPTS = 10;
/** Between the making of the file and its content there is a moment. */
const WRITING_MS = 200;

/**
 * Makes this process the only one that may start, stop or clear away the PostgreSQL under `dir`: a second service on the same folder
 * would take the first one's database for a leftover. An owner that has died leaves a file that counts for nothing.
 * @returns gives it back
 * @throws AppError `DATABASE.EMBEDDED_IN_USE` while another process lives that has it
 */
export async function claimCluster(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'owner.json');
  const own = JSON.stringify(describe(process.pid));
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt += 1) {
    if (await writeNew(path, own)) return () => release(path, own);
    const text = (await read(path)) || (await delay(WRITING_MS), await read(path));
    if (text === null) continue;
    const owner = parse(text);
    if (owner && lives(owner)) throw inUse(dir, owner.pid);
    await discard(path, text);
  }
  throw embeddedFailed(`The owner of ${dir} cannot be written down.`);
}

/** Others may do the same at this moment: what was moved away must be the file that was looked at, else it goes back. */
async function discard(path: string, expected: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch(() => undefined); // somebody else was quicker
  const moved = await read(aside);
  if (moved !== null && moved !== expected) await writeNew(path, moved);
  await rm(aside, { force: true });
}

async function release(path: string, own: string): Promise<void> {
  if ((await read(path)) === own) await rm(path, { force: true });
}

function describe(pid: number): Owner {
  return { pid, startedAt: readProcess(pid)?.startedAt ?? null };
}

function lives({ pid, startedAt }: Owner): boolean {
  return startedAt !== null && readProcess(pid)?.startedAt === startedAt;
}

/** Null: a process that was killed, or a machine that lost its power, left half a file. */
function parse(text: string): Owner | null {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return null;
  }
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

function inUse(dir: string, pid: number): AppError {
  return new AppError({ code: 'DATABASE.EMBEDDED_IN_USE', values: { dir, pid } });
}
