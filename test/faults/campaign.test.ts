import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCampaign } from '../../tools/faults/campaign.js';
import { KILL_KINDS } from '../../tools/faults/plan.js';
import { formatVerdict } from '../../tools/faults/table.js';
import { currentTestRun } from '../support/test-run.js';

const OPTIONS = {
  seed: 3,
  kills: 8,
  recordings: 6,
  cameras: 3,
  killEveryMs: 6_000,
  settleMs: 60_000,
  fragmentMs: 1_000,
};

describe('a short campaign of kills', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'campaign-'));
  });

  afterEach(async () => {
    const { logDir } = currentTestRun();
    for (const name of ['service.log', 'kills.log']) await copyFile(join(dir, name), join(logDir, `campaign-${name}`));
    await rm(dir, { recursive: true });
  });

  it('loses no recording, leaves nothing stuck or running, and accounts for every millisecond', async () => {
    const said: string[] = [];
    const entry = process.env['HINDSIGHT_ENTRY'];
    const { evidence, verdict } = await runCampaign({
      ...{ ...OPTIONS, dir, kinds: KILL_KINDS, say: (line: string) => void said.push(line) },
      ...(entry === undefined ? {} : { entry }),
    });
    const kindsDone = evidence.kills.filter(({ pids }) => pids.length > 0).map(({ kind }) => kind);
    expect(new Set(kindsDone)).toEqual(new Set(KILL_KINDS));
    expect(evidence.recordings).toHaveLength(OPTIONS.recordings);
    const seen = [...said, ...formatVerdict(evidence, verdict).split('\n')];
    expect({ seen, violations: verdict.violations }).toEqual({ seen, violations: [] });
  }, 240_000);
});
