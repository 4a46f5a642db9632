import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  endGraceMs,
  planNextStep,
  type RecordingSituation,
} from '../../../../src/modules/recording/domain/recording-plan.js';

const times = { startTimeoutMs: 30_000, heardTimeoutMs: 180_000, endGraceMs: 450, tailTimeoutMs: 10_000 };
const fresh: RecordingSituation = {
  nowMs: 1_000,
  openedAtMs: 0,
  endsMs: null,
  rangeEndMs: null,
  wholeUntilMs: null,
  lacksEvent: true,
  hopeless: false,
  failedAtMs: null,
  phase: 'follows' as const,
  captureLive: false,
  isBehind: false,
  unplacedSinceMs: null,
  heardSinceMs: null,
};
const plan = (change: Partial<RecordingSituation>) => planNextStep({ ...fresh, ...change }, times);

describe('planNextStep before the first footage', () => {
  it('waits for the camera, but not for ever', () => {
    expect(plan({})).toEqual({ step: 'wait', untilMs: 30_000 });
    expect(plan({ nowMs: 30_000 })).toEqual({ step: 'finish' });
  });

  it('waits for a camera that is off until the end, where that is known', () => {
    expect(plan({ nowMs: 31_000, endsMs: 7_200_000, rangeEndMs: 7_200_000 })).toEqual({
      step: 'wait',
      untilMs: 7_200_000,
    });
    expect(plan({ nowMs: 31_000, endsMs: 7_200_000 })).toEqual({ step: 'wait', untilMs: 7_200_000 });
    expect(plan({ nowMs: 7_200_000, endsMs: 7_200_000, rangeEndMs: 7_200_000 })).toEqual({ step: 'finish' });
    expect(plan({ nowMs: 6_000, endsMs: 5_000, rangeEndMs: 5_000 })).toEqual({ step: 'wait', untilMs: 30_000 });
  });

  it('gives up at once when nothing can be hoped for', () => {
    expect(plan({ hopeless: true })).toEqual({ step: 'finish' });
  });

  it('goes on waiting for a fragment after the event has ended', () => {
    expect(plan({ rangeEndMs: 500 })).toEqual({ step: 'wait', untilMs: 30_000 });
    expect(plan({ rangeEndMs: 500, failedAtMs: 400 })).toEqual({ step: 'wait', untilMs: 30_000 });
  });

  it('waits for the first key frame of a camera that is heard, also when the event is over', () => {
    expect(plan({ nowMs: 30_000, heardSinceMs: 400 })).toEqual({ step: 'wait', untilMs: 180_400 });
    expect(plan({ nowMs: 30_000, heardSinceMs: 400, rangeEndMs: 9_000 })).toEqual({ step: 'wait', untilMs: 180_400 });
    expect(plan({ nowMs: 180_400, heardSinceMs: 400 })).toEqual({ step: 'finish' });
  });

  it('does not wait for a camera that failed once more after the end', () => {
    expect(plan({ rangeEndMs: 500, failedAtMs: 500 })).toEqual({ step: 'finish' });
    expect(plan({ rangeEndMs: 5_000, failedAtMs: 800 })).toEqual({ step: 'wait', untilMs: 5_000 });
  });
});

describe('planNextStep with footage', () => {
  const recording = { wholeUntilMs: 9_000, lacksEvent: false, captureLive: true, nowMs: 9_100 };

  it('waits for the end of the event, also while the camera is away', () => {
    expect(plan(recording)).toEqual({ step: 'wait', untilMs: null });
    expect(plan({ ...recording, captureLive: false, failedAtMs: 9_050, hopeless: true })).toEqual({
      step: 'wait',
      untilMs: null,
    });
  });

  it('lets the last frames arrive before it gives the camera back', () => {
    expect(plan({ ...recording, rangeEndMs: 10_000 })).toEqual({ step: 'wait', untilMs: 10_450 });
    expect(plan({ ...recording, rangeEndMs: 10_000, nowMs: 10_450 })).toEqual({ step: 'release' });
  });

  const released = { ...recording, rangeEndMs: 10_000, nowMs: 10_500, phase: 'released' as const };

  it('waits for the fragment that reaches the end while the camera goes on for others', () => {
    expect(plan(released)).toEqual({ step: 'wait', untilMs: 20_450 });
    expect(plan({ ...released, wholeUntilMs: 10_000 })).toEqual({ step: 'finish' });
    expect(plan({ ...released, nowMs: 20_450 })).toEqual({ step: 'finish' });
  });

  it('does not wait for a camera that gives nothing: what it gives later is not of this range', () => {
    expect(plan({ ...released, captureLive: false })).toEqual({ step: 'finish' });
  });

  it('does not wait any longer when footage from behind its end has come', () => {
    expect(plan({ ...released, phase: 'over' })).toEqual({ step: 'finish' });
  });

  it('does not wait for frames that were late, either, once the capture has ended', () => {
    const late = { ...times, endGraceMs: 3_350 };
    const ended = { ...fresh, ...released, wholeUntilMs: 10_000, captureLive: false };
    expect(planNextStep(ended, late)).toEqual({ step: 'finish' });
  });

  const reopening = { ...released, phase: 'follows' as const, captureLive: false, unplacedSinceMs: 9_500 };

  it('lets an FFmpeg that hears the camera since before the end give what it heard, but not for ever', () => {
    expect(plan(reopening)).toEqual({ step: 'wait', untilMs: 20_450 });
    expect(plan({ ...reopening, captureLive: true, unplacedSinceMs: null })).toEqual({ step: 'release' });
    expect(plan({ ...reopening, nowMs: 20_450 })).toEqual({ step: 'release' });
    expect(plan({ ...reopening, nowMs: 20_450, phase: 'released' })).toEqual({ step: 'finish' });
  });

  it('waits until it is known when the footage was taken, also when it seems to reach the end', () => {
    const early = { ...reopening, captureLive: true, wholeUntilMs: 10_800 };
    expect(plan(early)).toEqual({ step: 'wait', untilMs: 20_450 });
    expect(plan({ ...early, phase: 'passed' })).toEqual({ step: 'wait', untilMs: 20_450 });
    expect(plan({ ...early, unplacedSinceMs: null })).toEqual({ step: 'release' });
  });

  it('does not wait for an FFmpeg that was started after the end', () => {
    expect(plan({ ...reopening, unplacedSinceMs: 10_000 })).toEqual({ step: 'release' });
  });
});

describe('planNextStep when FFmpeg has not read yet what the camera has sent', () => {
  const behind = {
    ...{ wholeUntilMs: 9_000, lacksEvent: false, captureLive: true, isBehind: true },
    ...{ rangeEndMs: 10_000, nowMs: 10_450 },
  };

  it('looks again soon before it gives the camera back, but not for ever', () => {
    expect(plan(behind)).toEqual({ step: 'wait', untilMs: 10_470 });
    expect(plan({ ...behind, nowMs: 13_440 })).toEqual({ step: 'wait', untilMs: 13_450 });
    expect(plan({ ...behind, nowMs: 13_450 })).toEqual({ step: 'release' });
  });

  it('does not look before the usual time is over', () => {
    expect(plan({ ...behind, nowMs: 10_100 })).toEqual({ step: 'wait', untilMs: 10_450 });
    expect(plan({ ...behind, rangeEndMs: null })).toEqual({ step: 'wait', untilMs: null });
  });

  it.each<[string, Partial<RecordingSituation>]>([
    ['everything was read: a camera that sends nothing is not waited for', { isBehind: false }],
    ['the end is there', { wholeUntilMs: 10_000 }],
    ['footage from behind the end has come', { phase: 'passed' }],
    ['FFmpeg does not run any more', { captureLive: false }],
  ])('gives the camera back when %s', (_what, change) => {
    expect(plan({ ...behind, ...change })).toEqual({ step: 'release' });
  });

  it('has nothing to wait for with it once the camera was given back', () => {
    expect(plan({ ...behind, phase: 'released' })).toEqual(plan({ ...behind, phase: 'released', isBehind: false }));
  });

  it('never waits longer than three seconds more than otherwise, and always to a later moment', () => {
    const situations = fc.record({
      nowMs: fc.integer({ min: 0, max: 40_000 }),
      wholeUntilMs: fc.option(fc.integer({ min: 0, max: 12_000 })),
      unplacedSinceMs: fc.option(fc.integer({ min: 0, max: 12_000 })),
      lacksEvent: fc.boolean(),
      captureLive: fc.boolean(),
      phase: fc.constantFrom<RecordingSituation['phase']>('follows', 'passed', 'released', 'over'),
    });
    fc.assert(
      fc.property(situations, (situation) => {
        const step = plan({ ...behind, ...situation });
        const otherwise = plan({ ...behind, ...situation, isBehind: false });
        if (situation.nowMs >= 13_450) expect(step).toEqual(otherwise);
        if (step.step !== 'wait') expect(step).toEqual(otherwise);
        else expect(step.untilMs).toBeGreaterThan(situation.nowMs);
        if (otherwise.step === 'wait') expect(step).toEqual(otherwise);
      }),
    );
  });
});

describe('planNextStep with nothing but footage from before the trigger', () => {
  const kept = { wholeUntilMs: 400, nowMs: 1_100 };
  const ended = { ...kept, rangeEndMs: 600 };

  it('waits for the end of the event, whatever the camera does', () => {
    expect(plan({ ...kept, hopeless: true, nowMs: 40_000 })).toEqual({ step: 'wait', untilMs: null });
    expect(plan({ ...kept, hopeless: true, rangeEndMs: 5_000 })).toEqual({ step: 'wait', untilMs: 5_450 });
  });

  it('then waits for one fragment, as without any footage', () => {
    expect(plan(ended)).toEqual({ step: 'wait', untilMs: 30_000 });
    expect(plan({ ...ended, captureLive: true, phase: 'passed' })).toEqual({ step: 'wait', untilMs: 30_000 });
    expect(plan({ ...ended, lacksEvent: false })).toEqual({ step: 'release' });
  });

  it('ends as any other with footage when the camera does not give it', () => {
    for (const vain of [{ hopeless: true }, { failedAtMs: 600 }, { nowMs: 30_000 }]) {
      expect(plan({ ...ended, ...vain })).toEqual({ step: 'release' });
      expect(plan({ ...ended, ...vain, phase: 'released' })).toEqual({ step: 'finish' });
    }
  });
});

describe('the wait for the last frames of a range', () => {
  it('is longer by what the end leans on behind it', () => {
    expect([0, 80, 2_000, 60_000].map((leanMs) => endGraceMs({ lateMs: 600, leanMs }))).toEqual([
      950, 1_030, 2_950, 3_950,
    ]);
  });

  it('grows by what the newest fragment was late, within bounds', () => {
    expect([-40, 0, 60, 100].map((lateMs) => endGraceMs({ lateMs, leanMs: 0 }))).toEqual([450, 450, 450, 450]);
    expect([600, 3_000, 60_000].map((lateMs) => endGraceMs({ lateMs, leanMs: 0 }))).toEqual([950, 3_350, 3_350]);
  });
});
