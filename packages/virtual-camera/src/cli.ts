import { once } from 'node:events';
import type { VirtualCamera } from './virtual-camera.js';
import { startVirtualCamera } from './camera.js';
import { COMMAND, HELP } from './cli-help.js';
import { UsageError, parseCommandLine } from './cli-options.js';
import type { VirtualCameraOptions } from './options.js';

const EXIT_USAGE = 2;

async function main(): Promise<void> {
  const commands = parseCommandLine(process.argv.slice(2));
  if (commands === 'help') return void process.stdout.write(HELP);
  const cameras: VirtualCamera[] = [];
  const stopAll = async () => void (await Promise.all(cameras.map((camera) => camera.stop())));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    process.stdout.write('Preparing clips (a few seconds the first time) …\n');
    for (const options of commands) {
      cameras.push(await startVirtualCamera(options));
      if (stop.signal.aborted) return;
    }
    process.stdout.write(`${formatTable(commands, cameras)}\nStop with Ctrl-C.\n`);
    await once(stop.signal, 'abort');
  } catch (error) {
    // Ctrl-C in a terminal also ends the FFmpeg that prepares a clip.
    if (!stop.signal.aborted) throw error;
  } finally {
    await stopAll();
  }
}

function formatTable(commands: readonly VirtualCameraOptions[], cameras: readonly VirtualCamera[]): string {
  const rows = cameras.map((camera, index) => [
    commands[index]?.name ?? '',
    camera.rtspUrl,
    camera.streamUrl('sub'),
    `${camera.onvifHost}:${camera.onvifPort}`,
    ...(camera.controlUrl === undefined ? [] : [camera.controlUrl]),
  ]);
  const titles = ['camera', 'main', 'sub', 'onvif', ...(cameras[0]?.controlUrl === undefined ? [] : ['control'])];
  const table = [titles, ...rows];
  const widths = titles
    .map((_, column) => column)
    .map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function explain(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use: choose another with --rtsp-port, --onvif-port or --control-port`;
  if (code === 'EACCES') return `Port ${port} may not be opened by this user`;
  if (code === 'EADDRNOTAVAIL') return 'The address of --host is none of this machine';
  return message;
}

main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${explain(error)}\n${isUsage ? `See ${COMMAND} --help\n` : ''}`);
  process.exitCode = isUsage ? EXIT_USAGE : 1;
});
