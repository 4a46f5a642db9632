import { homedir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { HELP, parseCommand } from './command-line.js';
import { packageVersion } from './common/package-version.js';
import { loadSettings } from './config/settings.js';
import { describeStartFault } from './start-fault.js';

const WRONG_USAGE = 2;

async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2));
  if (command.kind === 'help') return void process.stdout.write(HELP);
  if (command.kind === 'version') return void process.stdout.write(`hindsight ${packageVersion()}\n`);
  if (command.kind === 'refused') {
    process.stderr.write(`${command.message}\n`);
    process.exitCode = WRONG_USAGE;
    return;
  }
  const settings = loadSettings();
  ensureHome();
  // Everything else is loaded behind the checks that need none of it.
  const { startService } = await import('./service.js');
  await startService(settings);
}

/**
 * The job library looks for settings of its own up to the home folder as soon as it is loaded, and throws when there is none: a container
 * whose user has no entry in /etc/passwd, and no HOME. The name is what Debian gives users without a home.
 */
function ensureHome(): void {
  try {
    homedir();
  } catch {
    process.env['HOME'] = '/nonexistent';
  }
}

// Media pass through as short-lived buffers outside the heap. Left alone, V8 answers them with a full collection about once a second:
// half of the service's CPU at fifty recordings (bench/recording-cost), against some 20 MiB of memory.
setFlagsFromString('--heap-growing-percent=200');

// Whoever reads the log may go away; recording goes on.
process.stdout.on('error', () => undefined);

main().catch((error: unknown) => {
  process.stderr.write(`${describeStartFault(error)}\n`);
  // Not only the exit code: timers and connections of the half-built service would keep the process neither up nor gone.
  process.exit(1);
});
