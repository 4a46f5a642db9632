import type { Bench } from './support/bench.js';
import { endsOnDisk } from './support/ends-on-disk.js';
import { endsOverUplink } from './support/ends-over-uplink.js';
import type { Row } from './support/rows.js';

/** How long after the end of an event is the video verified in the store, and does it depend on the length? */
export async function run(bench: Bench): Promise<Row[]> {
  return [...(await endsOverUplink(bench)), ...(await endsOnDisk(bench))];
}
