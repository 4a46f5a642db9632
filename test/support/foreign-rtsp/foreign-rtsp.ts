import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Debian's own: packages for it lie in its folders, whatever other Python is on PATH. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('./server.py', import.meta.url));
export const PACKAGES = 'python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good';

export interface ForeignRtspOptions {
  /** A QuickTime file with H.264. */
  clip: string;
  username: string;
  password: string;
}

export interface ForeignRtsp {
  url: string;
  stop(): Promise<void>;
}

/** Why the server cannot run here, or null. */
export function missingForForeignRtsp(): string | null {
  const { status, stdout, error } = spawnSync(PYTHON, [SCRIPT], { input: '', encoding: 'utf8' });
  if (error) return `${PYTHON} is not there`;
  return status === 3 ? (JSON.parse(stdout) as { missing: string }).missing : null;
}

/** GStreamer's RTSP server on a free port of the loopback, Digest only, with H.264 from the clip and G.711. */
export async function startForeignRtsp(options: ForeignRtspOptions): Promise<ForeignRtsp> {
  const child = spawn(PYTHON, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  child.stdin.write(`${JSON.stringify(options)}\n`);
  const lines = createInterface(child.stdout);
  const first = await Promise.race([once(lines, 'line'), closed.then(() => [null])]);
  if (typeof first[0] !== 'string')
    throw new Error(`the foreign RTSP server did not start (exit code ${child.exitCode})`);
  const { port } = JSON.parse(first[0]) as { port: number };
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await closed;
  };
  return { url: `rtsp://127.0.0.1:${port}/clip`, stop };
}
