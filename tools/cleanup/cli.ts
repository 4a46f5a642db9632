import { HELP, parseOptions, UsageError } from './options.js';
import { runCleanup } from './run.js';

/** With what is in `.env` of the working folder, where the environment does not say it. */
function readEnvironment(): NodeJS.ProcessEnv {
  try {
    process.loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return process.env;
}

async function main(): Promise<void> {
  const body = parseOptions(process.argv.slice(2));
  if (body === null) {
    process.stdout.write(HELP);
    return;
  }
  const env = readEnvironment();
  const password = env['ADMIN_PASSWORD'];
  if (!password) throw new UsageError('ADMIN_PASSWORD is missing: the password of an administrator of the service');
  const url = env['PUBLIC_URL'] || `http://localhost:${env['PORT'] || 3000}`;
  const username = env['ADMIN_USERNAME'] || 'admin';
  process.stdout.write(await runCleanup({ url, username, password }, body));
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
