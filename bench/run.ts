import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import * as endToCompleted from './end-to-completed.js';
import * as exportOfAnHour from './export.js';
import * as fiftyCameras from './fifty-cameras.js';
import * as fleetSql from './fleet-sql.js';
import * as footageIndex from './footage-index.js';
import * as footageTimeline from './footage-timeline.js';
import * as hostileNeighbours from './hostile-neighbours.js';
import * as listQueries from './list-queries.js';
import * as liveHls from './live-hls.js';
import * as reconnect from './reconnect.js';
import * as recordingCost from './recording-cost.js';
import { Bench } from './support/bench.js';
import { readMachineLoad } from './support/proc.js';
import { formatTable, type Row } from './support/rows.js';
import * as statistics from './statistics.js';
import * as triggerTo201 from './trigger-to-201.js';
import * as triggerToFirstFragment from './trigger-to-first-fragment.js';
import * as uploadCost from './upload-cost.js';
import * as warmCost from './warm-cost.js';

type Question = (bench: Bench) => Promise<Row[]>;

const QUESTIONS: Record<string, Question> = {
  'trigger-to-201': triggerTo201.run,
  'trigger-to-first-fragment': triggerToFirstFragment.run,
  'recording-cost': recordingCost.run,
  'warm-cost': warmCost.run,
  reconnect: reconnect.run,
  'fifty-cameras': fiftyCameras.run,
  'end-to-completed': endToCompleted.run,
  'upload-cost': uploadCost.run,
  'live-hls': liveHls.run,
  'list-queries': listQueries.run,
  statistics: statistics.run,
  'footage-index': footageIndex.run,
  'footage-timeline': footageTimeline.run,
  'fleet-sql': fleetSql.run,
  export: exportOfAnHour.run,
  'hostile-neighbours': hostileNeighbours.run,
};
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
const EXIT_INTERRUPTED = 130;

let current: Bench | undefined;

async function main(names: string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in QUESTIONS));
  if (unknown.length > 0)
    throw new Error(`No benchmark is called ${unknown.join(', ')}: there are ${Object.keys(QUESTIONS).join(', ')}`);
  await mkdir(RESULTS, { recursive: true });
  const failed: string[] = [];
  for (const name of names.length > 0 ? names : Object.keys(QUESTIONS)) {
    if (!(await answer(name, QUESTIONS[name]!))) failed.push(name);
  }
  if (failed.length > 0) throw new Error(`These gave no answer: ${failed.join(', ')}`);
}

async function answer(name: string, question: Question): Promise<boolean> {
  const fromMs = Date.now();
  const load = await readMachineLoad(1_000);
  say(`\n${name} (before it, the machine was ${Math.round(load * 100)} % busy)`);
  current = await Bench.open(say);
  try {
    const rows = await question(current);
    await writeFile(join(RESULTS, `${name}.json`), `${JSON.stringify(rows, null, 2)}\n`);
    say(`\n${formatTable(rows)}\n  ${Math.round((Date.now() - fromMs) / 1_000)} s`);
    return true;
  } catch (error) {
    say(`  failed: ${error instanceof Error ? error.stack : String(error)}`);
    return false;
  } finally {
    await current.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function interrupt(): Promise<void> {
  say('\nstopping …');
  await current?.close();
  process.exit(EXIT_INTERRUPTED);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupt());
main(process.argv.slice(2)).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
