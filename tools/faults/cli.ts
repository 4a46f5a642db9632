import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CampaignResult, runCampaign } from './campaign.js';
import { KILL_KINDS, type KillKind } from './plan.js';
import { formatVerdict } from './table.js';

const HELP = `npm run faults -- [options]

Records virtual cameras with the real service while it, FFmpeg and PostgreSQL are killed at random moments, and counts the frames
that this cost. Ends with exit code 1 when something is broken; then its folder is kept.

  --seed N         the plan of kills and recordings depends on it alone (default: drawn)
  --kills N        default 20
  --recordings N   of 5 to 20 s (default: half as many as kills, at least 4)
  --cameras N      default 4
  --kinds A,B      of ${KILL_KINDS.join(', ')} (default: all)
  --every SEC      mean distance of two kills (default 5)
  --settle SEC     rows that are not final so long after the last end are stuck (default 60)
  --json FILE      everything that was measured
  --keep           keep the folder in any case
  --help
`;
const OPTIONS = {
  seed: { type: 'string' },
  kills: { type: 'string', default: '20' },
  recordings: { type: 'string' },
  cameras: { type: 'string', default: '4' },
  kinds: { type: 'string', default: KILL_KINDS.join(',') },
  every: { type: 'string', default: '5' },
  settle: { type: 'string', default: '60' },
  json: { type: 'string' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;
const MAX_SEED = 2 ** 32;

/** Something that the user typed is wrong; the message says what. */
class UsageError extends Error {}

/** A signal came; the message says which. */
class Stopped extends Error {}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return say(HELP);
  const seed =
    values.seed === undefined ? Math.floor(Math.random() * MAX_SEED) : parseWhole('seed', values.seed, 0, MAX_SEED - 1);
  const kills = parseWhole('kills', values.kills, 0, 100_000);
  const options = {
    ...{ seed, kills, say, fragmentMs: 1_000 },
    recordings:
      values.recordings === undefined
        ? Math.max(4, Math.ceil(kills / 2))
        : parseWhole('recordings', values.recordings, 1, 100_000),
    cameras: parseWhole('cameras', values.cameras, 1, 64),
    kinds: parseKinds(values.kinds),
    killEveryMs: parseWhole('every', values.every, 1, 3_600) * 1_000,
    settleMs: parseWhole('settle', values.settle, 1, 86_400) * 1_000,
    ...(process.env['HINDSIGHT_ENTRY'] ? { entry: process.env['HINDSIGHT_ENTRY'] } : {}),
  };
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () =>
      stop.abort(new Stopped(`${name}: the campaign ends without a result; what it left is in the folder above.`)),
    );
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-faults-'));
  say(`seed ${seed}, in ${dir}`);
  const result = await runCampaign({ ...options, dir, signal: stop.signal });
  const { violations } = result.verdict;
  say(`\n${formatVerdict(result.evidence, result.verdict)}\n`);
  for (const violation of violations) say(`BROKEN  ${violation}`);
  const report = JSON.stringify({ seed, ...toReport(result) }, null, 2);
  if (values.json !== undefined) await writeFile(values.json, report);
  await writeFile(join(dir, 'report.json'), report);
  if (violations.length > 0) process.exitCode = 1;
  if (violations.length > 0 || values.keep) say(`kept: ${dir} (service.log, kills.log, report.json, data)`);
  else await rm(dir, { recursive: true, force: true });
}

function parseWhole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function parseKinds(text: string): KillKind[] {
  const kinds = text.split(',');
  const unknown = kinds.filter((kind) => !KILL_KINDS.some((known) => known === kind));
  if (unknown.length > 0)
    throw new UsageError(`No such kind of kill: ${unknown.join(', ')}; there are ${KILL_KINDS.join(', ')}`);
  return KILL_KINDS.filter((kind) => kinds.includes(kind));
}

/** Without the pictures' numbers, which are many. */
function toReport({ plan, evidence, verdict }: CampaignResult): Record<string, unknown> {
  const recordings = evidence.recordings.map(({ made, range, object, judgement, error }) => ({
    ...{ made, range, error, noise: object?.noise, differences: object?.differences },
    judgement: judgement && { ...judgement, stored: judgement.stored.size },
  }));
  return { plan, kills: evidence.kills, recordings, verdict };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  const isPlain = error instanceof UsageError || error instanceof Stopped;
  process.stderr.write(`${isPlain ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  // What is under way of a campaign that was stopped goes on asking for a while.
  process.exit(1);
});
