import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { runCampaign } from '../../tools/faults/campaign.js';
import { KILL_KINDS } from '../../tools/faults/plan.js';
import { formatVerdict } from '../../tools/faults/table.js';

const OPTIONS = {
  seed: 3,
  kills: 8,
  recordings: 6,
  cameras: 3,
  killEveryMs: 4_500,
  settleMs: 60_000,
  fragmentMs: 1_000,
};

describe('a short campaign of kills', () => {
  it('loses no recording, leaves nothing stuck or running, and accounts for every millisecond', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'campaign-'));
    const said: string[] = [];
    const entry = process.env['HINDSIGHT_ENTRY'];
    const { evidence, verdict } = await runCampaign({
      ...{ ...OPTIONS, dir, kinds: KILL_KINDS, say: (line: string) => void said.push(line) },
      ...(entry === undefined ? {} : { entry }),
    });
    const kindsDone = evidence.kills.filter(({ pids }) => pids.length > 0).map(({ kind }) => kind);
    expect(new Set(kindsDone)).toEqual(new Set(KILL_KINDS));
    expect(evidence.recordings).toHaveLength(OPTIONS.recordings);
    const seen = [...said, formatVerdict(evidence, verdict)];
    expect({ seen, violations: verdict.violations }).toEqual({ seen, violations: [] });
    await rm(dir, { recursive: true });
  }, 240_000);
});
