import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/common/logging.js';
import { readProcess } from '../../../src/common/process-table.js';
import { runningFfmpegs, spawnFfmpeg, killRunningFfmpegs } from '../../../src/ffmpeg/ffmpeg-spawn.process.js';
import { endLeftoverCaptures } from '../../../src/ffmpeg/leftover-captures.process.js';
import { eventually } from '../../support/recorder/eventually.js';

const me = randomUUID();
const lines: string[] = [];
const logger = createLogger('info', (line) => lines.push(line));
const pids: number[] = [];

afterEach(() => {
  for (const pid of pids.splice(0)) if (readProcess(pid)) process.kill(pid, 'SIGKILL');
  lines.length = 0;
});

/** A process whose parent has gone, as a killed service leaves one. */
async function leave(environment: Record<string, string>): Promise<number> {
  const env = { ...process.env, ...environment };
  const parent = spawn('sh', ['-c', 'sleep 1000 >/dev/null & echo $!'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(parent, 'close');
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  await closed;
  const pid = Number(line.toString());
  pids.push(pid);
  return pid;
}

const areAlive = (...which: number[]) => which.map((pid) => readProcess(pid) !== null);

describe('endLeftoverCaptures', () => {
  it("kills what an earlier run of this recorder left, and nothing of anybody else's", async () => {
    const mine = [await leave({ HINDSIGHT_RECORDER: me }), await leave({ HINDSIGHT_RECORDER: me })];
    const others = [
      await leave({ HINDSIGHT_RECORDER: `${me}-too` }),
      await leave({ HINDSIGHT_RECORDER: '' }),
      await leave({ ANOTHER_HINDSIGHT_RECORDER: me }),
      await leave({}),
    ];
    expect((await endLeftoverCaptures(me, logger)).sort()).toEqual(mine.sort());
    expect(areAlive(...mine, ...others)).toEqual([false, false, true, true, true, true]);
    expect(lines.join('')).toContain(`${mine[0]}`);
  });

  it('says nothing when there is nothing', async () => {
    expect(await endLeftoverCaptures('nobody', logger)).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('leaves the FFmpegs of this process alone', async () => {
    const own = spawnFfmpeg('/bin/sleep', ['1000'], { stdio: 'ignore' }, me);
    const ended = once(own, 'exit');
    await eventually(() => expect(readProcess(own.pid!)?.name).toBe('sleep'));
    expect(await endLeftoverCaptures(me, logger)).toEqual([]);
    expect(runningFfmpegs()).toEqual([own.pid]);
    killRunningFfmpegs();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(runningFfmpegs()).toEqual([]);
  });
});
