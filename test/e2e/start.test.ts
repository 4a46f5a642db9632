import { chown, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../tools/free-port.js';
import { findSecrets, secret } from '../support/secrets.js';
import { describeAsRoot } from '../support/small-disk.js';
import { addCamera, postEvent } from './support/recording.js';
import { Scene } from './support/scene.js';
import { runScript, type ShellResult } from './support/shell.js';
import { TestService, unsetVariables } from './support/test-service.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ENTRY = resolve(ROOT, process.env['HINDSIGHT_ENTRY'] ?? 'dist/main.js');
const UNKNOWN_UID = 54_321;
/** As a user that no /etc/passwd knows; it may read everywhere, since the tests and the checkout may lie in a folder of root's. */
const AS_UNKNOWN = [
  `env -u HOME setpriv --reuid ${UNKNOWN_UID} --regid ${UNKNOWN_UID} --clear-groups`,
  '--securebits +no_setuid_fixup --inh-caps -all,+dac_read_search --ambient-caps -all,+dac_read_search',
].join(' ');
const OUTSIDE = {
  JWT_SECRET: 'x'.repeat(40),
  ADMIN_PASSWORD: 'a-password',
  CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64'),
};

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'start-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs the built service until it ends by itself, in an empty folder. */
async function start(
  env: Record<string, string | undefined>,
  { args = '', before = '' } = {},
): Promise<ShellResult & { plain: string }> {
  const all = { ...unsetVariables(), PORT: '0', HOST: '127.0.0.1', ...env };
  const result = await runScript(`${before} "${process.execPath}" "${ENTRY}" ${args}`, {
    ...{ cwd: dir, env: all, timeoutMs: 90_000 },
  });
  const plain = result.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  return { ...result, plain: plain.join('\n') };
}

describe('arguments', () => {
  it('--help and --version print, anything else is refused, and nothing is started', async () => {
    const [help, version, wrong] = [
      await start({}, { args: '--help' }),
      await start({}, { args: '--version' }),
      await start({}, { args: '--port=1' }),
    ];
    expect([help.code, help.output]).toEqual([0, expect.stringMatching(/^Usage: /)]);
    expect([version.code, version.output]).toEqual([0, expect.stringMatching(/^hindsight \d+\.\d+\.\d+\n$/)]);
    expect([wrong.code, wrong.plain]).toEqual([2, expect.stringContaining('there is no option --port')]);
    expect(wrong.plain).not.toContain('\n');
    expect(await readdir(dir)).toEqual([]);
  }, 120_000);
});

describe('what an operator can mend is one sentence', () => {
  it('a port that is in use, before anything is started', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, plain, output } = await start({ PORT: String(port) });
    other.close();
    expect([code, plain]).toEqual([1, expect.stringMatching(new RegExp(`^PORT ${port} .*in use by another program`))]);
    expect(plain).not.toContain('\n');
    expect(output).not.toMatch(/embedded PostgreSQL is running|Nest/);
  }, 120_000);

  it('folders that cannot be used, all of them at once', async () => {
    const file = join(dir, 'file');
    await writeFile(file, '');
    // A new folder in /proc is refused in a way that sends a recursive mkdir round for ever.
    const { code, plain } = await start({ DATA_DIR: join(file, 'below'), RECORD_DIR: '/proc/new' });
    expect([code, plain.split('\n')]).toEqual([
      1,
      [
        expect.stringMatching(/^DATA_DIR .*below cannot be written by uid \d+: a part of the path is no folder/),
        expect.stringMatching(/^RECORD_DIR \/proc\/new cannot be written by uid \d+/),
      ],
    ]);
    expect((await start({ DATA_DIR: file })).plain).toMatch(/^DATA_DIR .*file is no folder/);
  }, 120_000);

  it('a database that refuses the password: told at once, without another attempt, and nothing of it is shown', async () => {
    const service = await TestService.prepare();
    const url = new URL(service.database!.url);
    url.password = secret('wrong-database-password');
    const { code, plain, output } = await start({ ...OUTSIDE, DATABASE_URL: url.href });
    await service.close();
    expect([code, plain]).toEqual([
      1,
      expect.stringMatching(/^The database .* refuses the user name or the password\.$/),
    ]);
    expect(output).not.toMatch(/Retrying|\\n {4}at /);
    expect(findSecrets(output)).toEqual([]);
  }, 120_000);

  it('a .env that cannot be read', async () => {
    await symlink(dir, join(dir, '.env'));
    const { code, plain } = await start({});
    expect([code, plain]).toEqual([1, expect.stringMatching(/\.env cannot be read: it is a folder/)]);
  }, 120_000);
});

describeAsRoot('a user without an entry in /etc/passwd, and without HOME', () => {
  const asUnknown = { before: AS_UNKNOWN };

  it('is told what the embedded database needs, and which folder it may not write', async () => {
    const locked = await start({ DATA_DIR: '/root-only' }, asUnknown);
    expect([locked.code, locked.plain]).toEqual([
      1,
      expect.stringMatching(/cannot be written by uid 54321: permission/),
    ]);
    await chown(dir, UNKNOWN_UID, UNKNOWN_UID);
    const { code, plain } = await start({}, asUnknown);
    expect([code, plain]).toEqual([1, expect.stringMatching(/uid 54321.* set DATABASE_URL/)]);
  }, 120_000);

  it('gets as far as the database with DATABASE_URL', async () => {
    await chown(dir, UNKNOWN_UID, UNKNOWN_UID);
    const DATABASE_URL = 'postgresql://u:p@127.0.0.1:1/x';
    const { plain } = await start({ ...OUTSIDE, DATABASE_URL }, asUnknown);
    expect(plain).toMatch(/^The database 127\.0\.0\.1:1\/x of DATABASE_URL cannot be used: connect ECONNREFUSED/);
  }, 120_000);
});

describe('a signal', () => {
  it('to npm reaches the service, which drains', async () => {
    for (const name of ['package.json', 'dist', 'node_modules']) await symlink(join(ROOT, name), join(dir, name));
    const port = await freePort();
    const script = `npm start > log 2>&1 & NPM=$!
      until curl -sf http://127.0.0.1:${port}/health/ready > ready; do kill -0 $NPM; sleep 0.2; done
      kill -TERM $NPM; wait $NPM || true
      until grep -q '"msg":"stopping"' log; do sleep 0.2; done
      while curl -s http://127.0.0.1:${port}/health/live > ready; do sleep 0.2; done
      cat log`;
    const env = { ...unsetVariables(), PORT: String(port), HOST: '127.0.0.1', MIN_FREE_DISK_BYTES: '0' };
    const { code, output } = await runScript(script, { cwd: dir, env, timeoutMs: 120_000 });
    expect([output, code]).toEqual([output, 0]);
    expect(output).toMatch(/"signal":"SIGTERM"/);
    expect(output).toMatch(/log in as admin: the password is in [^"]*data\/secrets\.json/);
  }, 180_000);

  it(
    'SIGHUP drains like SIGTERM',
    () =>
      Scene.with({}, async ({ service }) => {
        expect(await service.stop('SIGHUP')).toEqual({ code: 0, signal: null });
        expect(service.logLines()).toContainEqual(expect.objectContaining({ msg: 'stopping', signal: 'SIGHUP' }));
      }),
    120_000,
  );

  it(
    'with SHUTDOWN_DELAY_MS leaves time to look elsewhere: not ready, and everything is answered',
    () =>
      Scene.with({ env: { SHUTDOWN_DELAY_MS: '8000' } }, async ({ service, camera }) => {
        const cameraId = await addCamera(service, camera, { recordOn: [] });
        const stopped = service.stop('SIGTERM');
        await service.waitFor(async () =>
          (await service.request('GET', '/health/ready')).status === 503 ? true : undefined,
        );
        expect(await postEvent(service, cameraId)).toMatchObject({ recording: { state: 'not_requested' } });
        expect(await stopped).toEqual({ code: 0, signal: null });
      }),
    120_000,
  );
});
