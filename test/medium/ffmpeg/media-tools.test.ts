import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { findMediaTools } from '../../../src/ffmpeg/media-tools.process.js';

const path = process.env['PATH'];
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tools-'));
});

afterEach(async () => {
  process.env['PATH'] = path;
  delete process.env['ADMIN_PASSWORD'];
  await rm(dir, { recursive: true });
});

async function install(name: string, script: string): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

const find = (env: Record<string, string> = {}) => findMediaTools(loadConfig(env), createLogger('silent'));

describe('findMediaTools', () => {
  it("prefers the system's own builds to those of npm packages", async () => {
    await install('ffmpeg', 'echo "ffmpeg version 99.1 of the system"');
    await install('ffprobe', 'echo "ffprobe version 99.2 of the system"');
    process.env['PATH'] = `${dir}:${path}`;
    const { ffmpeg, ffprobe } = await find();
    expect(ffmpeg).toMatchObject({ source: 'PATH', version: '99.1' });
    expect(ffprobe).toMatchObject({ source: 'PATH', version: '99.2' });
  });

  it('takes what the packages bring where the system has none', async () => {
    process.env['PATH'] = dir;
    const { ffmpeg, ffprobe } = await find();
    expect(ffmpeg?.source).toMatch(/^(ffmpeg-static|@ffmpeg-installer\/ffmpeg)$/);
    expect(ffprobe?.source).toBe('@ffprobe-installer/ffprobe');
  });

  it.each(['of the system', 'that a package brings'])(
    'reads from the help of the one %s what its topics say',
    async (which) => {
      if (which !== 'of the system') process.env['PATH'] = dir;
      const { ffmpeg } = await find();
      const topic = async (name: string) =>
        (await promisify(execFile)(ffmpeg!.path, ['-hide_banner', '-h', name])).stdout;
      const [rtsp, mp4, x264, options] = await Promise.all(
        ['demuxer=rtsp', 'muxer=mp4', 'encoder=libx264', 'long'].map(topic),
      );
      expect(ffmpeg?.capabilities).toEqual({
        rtspTimeoutOption: rtsp!.includes('-stimeout') ? 'stimeout' : 'timeout',
        concatOptions: !rtsp!.includes('-stimeout'),
        skipTrailer: mp4!.includes('skip_trailer'),
        h264Encoder: x264!.includes('Encoder libx264'),
        frameRateMode: options!.includes('-fps_mode') ? 'fps_mode' : 'vsync',
      });
      expect(ffmpeg?.version).toMatch(/^[N\d]/);
    },
  );

  it('runs a tool with none of our secrets, already when it is only looked at', async () => {
    process.env['ADMIN_PASSWORD'] = 'to-be-kept';
    const seen = join(dir, 'seen');
    const spy = await install('spy', `env >>${seen}; echo "spy version 7.0"`);
    await find({ FFMPEG_PATH: spy, FFPROBE_PATH: spy });
    const environment = await readFile(seen, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toMatch(/to-be-kept|NODE_OPTIONS/);
  });
});
