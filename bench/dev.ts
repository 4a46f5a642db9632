import { Bench } from './support/bench.js';
import { formatTable, type Row } from './support/rows.js';
const [file = '', fn = 'run'] = process.argv.slice(2);
const module = (await import(file)) as Record<string, (bench: Bench) => Promise<Row[]>>;
const bench = await Bench.open((line) => console.log(line));
try {
  console.log(formatTable(await module[fn]!(bench)));
} finally {
  await bench.close();
}
