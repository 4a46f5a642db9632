import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tmpdir } from 'node:os';
import { findFfmpeg, findReader, passthroughArguments, runFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import type { ServiceProcess } from '../../../tools/service-process.js';
import { FFPROBE } from '../../support/ffprobe.js';

const run = promisify(execFile);

export interface ProbedStream {
  codec_type: string;
  codec_name: string;
  codec_tag_string: string;
  profile?: string;
  width?: number;
  height?: number;
  sample_rate?: string;
  channels?: number;
  duration?: string;
}

export interface ProbedFile {
  streams: ProbedStream[];
  format: { format_name: string; duration: string; size: string };
}

export interface DownloadedFile {
  path: string;
  bytes: Buffer;
  sha256: string;
  contentType: string | null;
}

/** Loads a video to a file; `token` null: from an address that needs none. */
export async function download(service: ServiceProcess, url: string, token?: null): Promise<DownloadedFile> {
  const headers = token === null ? {} : { Authorization: `Bearer ${service.accessToken}` };
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = join(tmpdir(), `video-${process.pid}-${sha256.slice(0, 16)}.mp4`);
  await writeFile(path, bytes);
  return { path, bytes, sha256, contentType: response.headers.get('content-type') };
}

export async function probeFile(path: string): Promise<ProbedFile> {
  const { stdout, stderr } = await run(FFPROBE, ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', path]);
  if (stderr) throw new Error(`ffprobe says: ${stderr}`);
  return JSON.parse(stdout) as ProbedFile;
}

/** What FFmpeg complains about while it decodes the whole file; empty when all is well. */
export async function decodeErrors(path: string): Promise<string> {
  const child = spawn(findFfmpeg(), ['-v', 'error', '-i', path, '-f', 'null', '-'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return code === 0 ? stderr : `exit code ${code}: ${stderr}`;
}

const hashedPictures = new Map<string, Promise<string[]>>();

/** A hash of every decoded picture, in order: equal hashes are equal pictures. */
export function pictureHashes(path: string): Promise<string[]> {
  const known = hashedPictures.get(path) ?? hashPictures(path);
  hashedPictures.set(path, known);
  return known;
}

function hashPictures(path: string): Promise<string[]> {
  return hashes([
    '-i',
    path,
    '-map',
    '0:v:0',
    ...passthroughArguments(findReader()),
    '-pix_fmt',
    'yuv420p',
    '-f',
    'framemd5',
  ]);
}

/** A hash of every audio packet as it is stored. `adts`: the file holds AAC with its transport headers, which MP4 leaves out. */
export function audioPacketHashes(path: string, { adts = false } = {}): Promise<string[]> {
  const plain = adts ? ['-bsf:a', 'aac_adtstoasc'] : [];
  return hashes(['-i', path, '-map', '0:a:0', '-c', 'copy', ...plain, '-f', 'framemd5']);
}

async function hashes(args: string[]): Promise<string[]> {
  let text = '';
  await runFfmpeg([...args, 'pipe:1'], { binary: findReader(), onOutput: (chunk) => (text += chunk.toString()) });
  const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return rows.map((row) => row.split(',').at(-1)?.trim() ?? '');
}

/** Whether `part` is a run of `loop`, which goes round and round. */
export function isRunOf(part: readonly string[], loop: readonly string[]): boolean {
  return loop.some(
    (hash, start) => hash === part[0] && part.every((each, i) => each === loop[(start + i) % loop.length]),
  );
}
