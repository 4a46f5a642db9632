import { performance } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import { maskFor } from '../../../src/modules/camera/domain/stream-mask.js';
import { type FfmpegOwner, FfmpegProcess } from '../../../src/modules/capture/ffmpeg.process.js';
import { eventually } from '../../support/recorder/eventually.js';

/** A program that misbehaves as FFmpeg can, run in its place. */
function run(script: string, stdin: string | null = null, owner: FfmpegOwner = {}): FfmpegProcess {
  return new FfmpegProcess(process.execPath, { args: ['-e', script], stdin }, owner);
}

async function readAll(process: FfmpegProcess): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('FfmpegProcess', () => {
  it('gives the output, the exit and what was said', async () => {
    const child = run(
      `process.stdin.pipe(process.stdout); console.error('one\\r\\ntwo'); process.exitCode = 3`,
      'the script',
    );
    expect(await readAll(child)).toBe('the script');
    expect(await child.exited).toEqual({ code: 3, signal: null, spawnError: null, stderr: ['one', 'two'] });
  });

  it('masks secrets in what was said, also where a line is long or comes in pieces', async () => {
    const secret = 'hunter2-in-the-stream';
    const mask = maskFor({ url: 'rtsp://camera/main', username: 'admin', password: secret });
    const child = run(
      `
      const say = (text) => new Promise((resolve) => process.stderr.write(text, resolve));
      await say('opening rtsp://admin:hunter2-in');
      await new Promise((resolve) => setTimeout(resolve, 100));
      await say('-the-stream@camera/main\\n');
      await say('${secret}' + 'x'.repeat(490));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await say('\\nend');
    `
        .replace(/^/, '(async () => {')
        .replace(/$/, '})()'),
      null,
      { mask },
    );
    await readAll(child);
    const { stderr } = await child.exited;
    expect(stderr[0]).toBe('opening rtsp://camera/main');
    expect(stderr.at(-1)).toBe('end');
    for (let length = 6; length <= secret.length; length += 1) {
      expect(stderr.join('\n')).not.toContain(secret.slice(-length));
    }
  });

  it('tells each line as it comes, secrets masked, and keeps those that it is told to', async () => {
    const mask = maskFor({ url: 'rtsp://camera/', username: 'admin', password: '7x' });
    const child = run(
      `console.error('one'); console.error('rtsp://admin:7x@camera'); setInterval(() => {}, 1e6)`,
      null,
      { mask },
    );
    const lines: string[] = [];
    child.onLine = (line) => lines.push(line) > 1;
    await eventually(() => expect(lines).toEqual(['one', 'rtsp://camera']));
    expect((await child.kill()).stderr).toEqual(['rtsp://camera']);
  });

  it('keeps the last lines alone of one that never stops talking', async () => {
    const child = run(`for (let i = 0; i < 20000; i++) console.error('line ' + i)`);
    await readAll(child);
    const { stderr } = await child.exited;
    expect(stderr).toHaveLength(30);
    expect(stderr.at(-1)).toBe('line 19999');
  });

  it('says why it could not be started', async () => {
    const child = new FfmpegProcess('/nowhere/ffmpeg', { args: [], stdin: 'lost' });
    await readAll(child).catch(() => undefined); // its pipe was never there
    const { spawnError, code } = await child.exited;
    expect(spawnError?.message).toContain('ENOENT');
    expect(code).toBeNull();
  });

  it('interrupts once, however often it is asked to stop', async () => {
    const child = run(`
      let times = 0;
      process.on('SIGINT', () => { times += 1; setTimeout(() => { console.log(times); process.exit(255); }, 200); });
      console.log('ready'); setInterval(() => {}, 1000);
    `);
    const output = readAll(child);
    await eventually(() => expect(child.pid).toBeGreaterThan(0));
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    const exits = await Promise.all([child.stop(5_000), child.stop(5_000), child.stop(0)]);
    expect(exits.map(({ code }) => code)).toEqual([255, 255, 255]);
    expect((await output).trim().split('\n').at(-1)).toBe('1');
  });

  it('kills one that does not listen, when its time is over', async () => {
    const child = run(`process.on('SIGINT', () => {}); console.log('ready'); setInterval(() => {}, 1000)`);
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    const begunAtMs = performance.now();
    expect(await child.stop(300)).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(290);
  });

  it('reads the progress from its own pipe', async () => {
    const child = run(`require('fs').writeSync(3, 'frame=42\\nfps=25\\nprogress=end\\n')`);
    await readAll(child);
    await child.exited;
    expect(child.progress).toMatchObject({ frames: 42, fps: 25 });
  });
});
