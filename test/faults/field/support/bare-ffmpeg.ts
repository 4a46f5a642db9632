import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { findFfmpeg } from '@hindsight/virtual-camera/ffmpeg';

/** It may hang in a read, and then heeds no SIGINT. */
const END_TIMEOUT_MS = 5_000;

/** FFmpeg alone on a camera, as somebody would type it. */
export class BareFfmpeg {
  private readonly closed: Promise<void>;
  private readonly child;
  private stderr = '';

  constructor(
    url: string,
    readonly path: string,
  ) {
    const output = ['-map', '0:v:0', '-map', '0:a:0?', '-c:v', 'copy', '-c:a', 'aac', '-y', path];
    const args = ['-hide_banner', '-nostdin', '-rtsp_transport', 'tcp', '-i', url, ...output];
    const child = spawn(findFfmpeg(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child = child;
    this.closed = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** Ends it as by Ctrl-C; says whether it has made a file. */
  async end(): Promise<boolean> {
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_TIMEOUT_MS);
    await this.closed;
    clearTimeout(timer);
    const size = await stat(this.path).then(
      (file) => file.size,
      () => 0,
    );
    return size > 0;
  }

  /** What it has said. */
  get log(): string {
    return this.stderr;
  }
}
