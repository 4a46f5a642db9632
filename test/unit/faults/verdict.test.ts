import { describe, expect, it } from '@jest/globals';
import { judgeRecording } from '../../../tools/faults/judge-recording.js';
import type { MadeRecording } from '../../../tools/faults/recordings.js';
import { formatVerdict, median } from '../../../tools/faults/table.js';
import { type CampaignEvidence, judgeCampaign, type JudgedRecording } from '../../../tools/faults/verdict.js';
import { evidenceOf, FPS, frames, type Story } from './evidence.js';

const WHOLE: Story = { wanted: [100, 400], sent: [{ first: 50, last: 450 }], stored: frames(90, 410) };
const KILL = { index: 0, kind: 'ffmpeg', atMs: 9_000, cameraIndexes: [0], pids: [1] } as const;

function recorded(story: Story, status = 'COMPLETED'): JudgedRecording {
  const evidence = evidenceOf(story);
  const made = {
    ...{ index: 0, cameraIndex: 0, occurredAtMs: 0, endSentAtMs: 1, eventId: 'e', playbackId: 'p', refused: null },
    playback: { recordingStatus: status, failure: null },
  } as MadeRecording;
  const object = { counters: [], shownAtMs: [], noise: '', differences: [] };
  return { made, range: evidence.range, object, judgement: judgeRecording(evidence), error: null };
}

function judge(recording: JudgedRecording, changes: Partial<CampaignEvidence> = {}) {
  const cameras = [{ name: 'camera 1', fps: FPS }];
  const evidence = {
    recordings: [recording],
    kills: [{ ...KILL, cameraIndexes: [0], pids: [1] }],
    cameras,
    fragmentMs: 1_000,
    orphans: [],
    doubles: [],
  };
  return { evidence: { ...evidence, ...changes }, verdict: judgeCampaign({ ...evidence, ...changes }) };
}

describe('the verdict on a campaign', () => {
  it('is clean when each kill cost a fragment at most', () => {
    const stored = [...frames(90, 200), ...frames(225, 410)];
    const { verdict } = judge(recorded({ ...WHOLE, stored, gaps: [[200, 225]] }));
    expect(verdict).toMatchObject({ violations: [], lostRecordings: 0, stuck: 0, unaccountedMs: 0, noisy: 0 });
    expect(verdict.costs.map(({ lostMs }) => lostMs)).toEqual([1_000]);
  });

  const object = recorded(WHOLE).object!;
  const nothing = { judgement: null, object: null };
  const more = [...frames(90, 180), ...frames(225, 410)];
  const cases: { name: string; recording: JudgedRecording; violation: RegExp; changes?: Partial<CampaignEvidence> }[] =
    [
      {
        name: 'more than a fragment',
        recording: recorded({ ...WHOLE, stored: more, gaps: [[180, 225]] }),
        violation: /more than a fragment.*180–224/,
      },
      {
        name: 'lost without a kill',
        recording: recorded({ ...WHOLE, stored: more, gaps: [[180, 225]] }),
        violation: /without a kill/,
        changes: { kills: [] },
      },
      {
        name: 'unaccounted',
        recording: recorded({ ...WHOLE, stored: [...frames(90, 200), ...frames(225, 410)] }),
        violation: /1000 ms missing/,
      },
      { name: 'failed', recording: { ...recorded(WHOLE, 'FAILED'), ...nothing }, violation: /FAILED/ },
      { name: 'stuck', recording: { ...recorded(WHOLE, 'RECORDING'), ...nothing }, violation: /stuck in RECORDING/ },
      {
        name: 'noise',
        recording: { ...recorded(WHOLE), object: { ...object, noise: 'a word' } },
        violation: /FFmpeg says: a word/,
      },
      {
        name: 'another size',
        recording: { ...recorded(WHOLE), object: { ...object, differences: ['size: 1, 2'] } },
        violation: /size: 1, 2/,
      },
      {
        name: 'an orphan',
        recording: recorded(WHOLE),
        violation: /left behind: 1 ffmpeg/,
        changes: { orphans: ['1 ffmpeg'] },
      },
    ];

  it.each(cases)('names what is broken: $name', ({ recording, violation, changes }) => {
    const { verdict, evidence } = judge(recording, changes);
    expect(verdict.violations).toEqual([expect.stringMatching(violation)]);
    expect(formatVerdict(evidence, verdict)).toContain('orphan processes');
  });

  it('counts a failed recording as lost, and one that has no end as stuck', () => {
    expect(judge({ ...recorded(WHOLE, 'FAILED'), ...nothing }).verdict).toMatchObject({ lostRecordings: 1, stuck: 0 });
    expect(judge({ ...recorded(WHOLE, 'PENDING'), ...nothing }).verdict).toMatchObject({ lostRecordings: 0, stuck: 1 });
  });
});

describe('the median', () => {
  it.each([
    [[], null],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2],
  ])('of %j is %j', (values, middle) => expect(median(values)).toBe(middle));
});
