import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../tools/free-port.js';
import { runScript } from './support/shell.js';
import { unsetVariables } from './support/test-service.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GUIDE = readFileSync(join(ROOT, 'docs/quickstart.md'), 'utf8');
const BLOCKS = [...GUIDE.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({
  language,
  text,
}));
/** What a clone and its build have; everything else the guide makes itself. */
const CHECKOUT = ['package.json', 'node_modules', 'dist', 'src', 'tools', 'tsconfig.json', 'web'];

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'quickstart-'));
  for (const name of CHECKOUT) await symlink(join(ROOT, name), join(dir, name));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.unref();
  });

const logOf = (name: string) => readFile(join(dir, name), 'utf8').catch(() => '');

describe('docs/quickstart.md', () => {
  it('leads from a built clone to a video, and leaves nothing behind', async () => {
    expect(BLOCKS.map(({ language }) => language)).toEqual(BLOCKS.map(() => 'sh'));
    const [build, ...rest] = BLOCKS.map(({ text }) => text);
    // Done before the tests, by the same two commands.
    expect(build?.trim()).toBe('npm ci && npm run build');
    const [port, onvifPort, rtspPort] = [await freePort(), await freePort(), await freePort()];
    const env = {
      ...unsetVariables(),
      PORT: String(port),
      ONVIF_PORT: String(onvifPort),
      RTSP_PORT: String(rtspPort),
      // Where the tests run, the disk may be small.
      MIN_FREE_DISK_BYTES: '0',
    };
    const { code, output } = await runScript(rest.join('\n'), { cwd: dir, env, timeoutMs: 240_000 });
    const said = `${output}\n${await logOf('hindsight.log')}\n${await logOf('camera.log')}`;
    expect([said, code]).toEqual([said, 0]);
    expect(output).toMatch(/"ok":true.*"streams"/s);
    expect(output).toContain('requested');
    expect(output).toMatch(/storedMs/);
    expect(output).toMatch(/codec_name=h264\|width=\d+\|height=\d+/);
    expect((await readdir(dir)).sort()).toEqual([...CHECKOUT].sort());
    expect(await Promise.all([port, onvifPort, rtspPort].map(isOpen))).toEqual([false, false, false]);
  }, 300_000);

  it('is linked from the README', () => {
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('(docs/quickstart.md)');
  });
});
