import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the run's folder, in the environment of every process that the run starts: so that none of them is lost sight of. CHILD_ENV takes it on to children's children. */
export const RUN_VARIABLE = 'HINDSIGHT_TEST_RUN';

export interface TestRun {
  dir: string;
  /** Everything temporary of the tests lands here: it is their TMPDIR. */
  tmpDir: string;
  /** The log of every service process; HINDSIGHT_TEST_LOGS names a folder to keep them in. */
  logDir: string;
  /** One JSON text per line: what no log may hold. */
  secretsFile: string;
}

export async function openTestRun(): Promise<TestRun> {
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-test-'));
  process.env[RUN_VARIABLE] = dir;
  process.env['CHILD_ENV'] = RUN_VARIABLE;
  const run = currentTestRun();
  process.env['TMPDIR'] = run.tmpDir;
  await Promise.all([run.tmpDir, run.logDir].map((each) => mkdir(each, { recursive: true })));
  return run;
}

/** The run that this process belongs to. */
export function currentTestRun(): TestRun {
  const dir = process.env[RUN_VARIABLE];
  if (!dir) throw new Error('no test run: this test belongs to a Jest project with services (medium, e2e, faults)');
  const logDir = process.env['HINDSIGHT_TEST_LOGS'] ?? join(dir, 'logs');
  return { dir, tmpDir: join(dir, 'tmp'), logDir, secretsFile: join(dir, 'secrets.jsonl') };
}
