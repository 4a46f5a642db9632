import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const STDERR_LINES_KEPT = 20;

let found: string | undefined;
let foundReader: string | undefined;
const helpByBinary = new Map<string, string | null>();

/** Finds FFmpeg: `FFMPEG_PATH`, then `ffmpeg` on PATH, then the build of `@ffmpeg-installer/ffmpeg`. */
export function findFfmpeg(): string {
  const configured = process.env['FFMPEG_PATH'];
  if (configured) return configured;
  found ??= helpOf('ffmpeg') === null ? installedFfmpeg() : 'ffmpeg';
  return found;
}

/**
 * The FFmpeg to read one stream of a file with: `FFMPEG_PATH`, then the build of `@ffmpeg-installer/ffmpeg`, then what `findFfmpeg` finds. That build is
 * linked statically: it starts in a twentieth of the time of a distribution's, and reads the same of what cameras send. It is of 2018, and cannot
 * decode all streams at once where one of them is empty.
 */
export function findReader(): string {
  const configured = process.env['FFMPEG_PATH'];
  if (configured) return configured;
  foundReader ??= runnable(installedFfmpeg) ?? findFfmpeg();
  return foundReader;
}

function runnable(find: () => string): string | undefined {
  try {
    const binary = find();
    return helpOf(binary) === null ? undefined : binary;
  } catch {
    return undefined; // it is not installed here
  }
}

/** What a binary says of its options, or null when it does not run. Asked once: a distribution's FFmpeg takes 0.2 s of CPU to start. */
function helpOf(binary: string): string | null {
  let help = helpByBinary.get(binary);
  if (help === undefined) {
    const { status, stdout } = spawnSync(binary, ['-hide_banner', '-h', 'long'], { encoding: 'utf8' });
    help = status === 0 ? stdout : null;
    helpByBinary.set(binary, help);
  }
  return help;
}

function installedFfmpeg(): string {
  try {
    const installer = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
    return installer.path;
  } catch (cause) {
    throw new Error('FFmpeg not found: set FFMPEG_PATH, or install ffmpeg on PATH', { cause });
  }
}

/**
 * Arguments that make FFmpeg hand every frame through once, none doubled or dropped.
 * `-vsync` was replaced by `-fps_mode` in FFmpeg 5.1 and is gone in later ones, so the binary is asked.
 */
export function passthroughArguments(binary = findFfmpeg()): string[] {
  const known = helpOf(binary)?.includes('-fps_mode') ?? false;
  return known ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'];
}

export interface FfmpegRun {
  /** Chunks for FFmpeg's standard input; a chunk may be reused after the next one is asked for. */
  input?: Iterable<Buffer>;
  /** Called with every chunk of standard output. */
  onOutput?: (chunk: Buffer) => void;
  /** Default: what `findFfmpeg` finds. */
  binary?: string;
}

/** Runs FFmpeg to its end; rejects with the last lines of its stderr when it fails. */
export async function runFfmpeg(args: readonly string[], run: FfmpegRun = {}): Promise<void> {
  const child = spawn(run.binary ?? findFfmpeg(), ['-hide_banner', '-nostats', '-loglevel', 'warning', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stderr: string[] = [];
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr.push(...text.split('\n').filter(Boolean));
    stderr.splice(0, Math.max(0, stderr.length - STDERR_LINES_KEPT));
  });
  child.stdout.on('data', (chunk: Buffer) => run.onOutput?.(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // The exit code and stderr tell the story when FFmpeg closes its input early.
  child.stdin.on('error', () => undefined);
  const fed = feed(child.stdin, run.input ?? []);
  const code = await ended;
  await fed;
  if (code !== 0) throw new Error(`FFmpeg failed (exit code ${code}):\n${stderr.join('\n')}`);
}

async function feed(stdin: NodeJS.WritableStream, chunks: Iterable<Buffer>): Promise<void> {
  for (const chunk of chunks) {
    // Waiting for the write to be done lets the caller draw the next frame into the same buffer.
    const failed = await new Promise<boolean>((resolve) => stdin.write(chunk, (error) => resolve(Boolean(error))));
    if (failed) return;
  }
  stdin.end();
}
