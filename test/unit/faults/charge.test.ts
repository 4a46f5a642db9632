import { describe, expect, it } from '@jest/globals';
import { type CameraLosses, chargeKills } from '../../../tools/faults/charge.js';
import type { LostFrames } from '../../../tools/faults/judge-recording.js';
import type { PerformedKill } from '../../../tools/faults/killer.js';

const FPS = 25;

function kill(atMs: number, changes: Partial<PerformedKill> = {}): PerformedKill {
  return { index: 0, kind: 'service', atMs, cameraIndexes: [0, 1], pids: [1], ...changes };
}

function span(startMs: number, endMs: number) {
  return { first: (startMs * FPS) / 1_000, end: (endMs * FPS) / 1_000, startMs, endMs };
}

function lost(startMs: number, endMs: number, opening = false): LostFrames {
  return { ...span(startMs, endMs), frames: ((endMs - startMs) * FPS) / 1_000, opening };
}

function losses(changes: Partial<CameraLosses>): CameraLosses {
  return { cameraIndex: 0, wanted: [{ startMs: 0, endMs: 60_000 }], missing: [], lost: [], fps: FPS, ...changes };
}

describe('what kills cost', () => {
  it('is what was lost beside them, and the time until footage goes on', () => {
    const charges = chargeKills(
      [kill(10_000), kill(30_000)],
      losses({ lost: [lost(9_200, 10_000)], missing: [span(9_200, 14_000)] }),
    );
    expect(charges.costs).toMatchObject([
      { lostMs: 800, reconnectMs: 4_000 },
      { lostMs: 0, reconnectMs: null },
    ]);
    expect(charges.unexplained).toEqual([]);
  });

  it('goes to the nearest kill', () => {
    const charges = chargeKills([kill(10_000), kill(11_000)], losses({ lost: [lost(10_400, 10_960)] }));
    expect(charges.costs.map(({ lostMs }) => lostMs)).toEqual([0, 560]);
  });

  it('is counted once when recordings overlap', () => {
    const charges = chargeKills([kill(10_000)], losses({ lost: [lost(9_200, 9_800), lost(9_200, 10_000)] }));
    expect(charges.costs.map(({ lostMs }) => lostMs)).toEqual([800]);
  });

  it('is nothing for a kill that hit nobody, another camera, or no recording', () => {
    const elsewhere = [kill(10_000, { pids: [] }), kill(10_000, { cameraIndexes: [1] }), kill(90_000)];
    const charges = chargeKills(elsewhere, losses({ lost: [lost(9_200, 10_000)] }));
    expect(charges.costs).toEqual([]);
    expect(charges.unexplained.map(({ frames }) => frames)).toEqual([20]);
  });

  it('leaves over what is lost far from every kill', () => {
    const charges = chargeKills([kill(10_000)], losses({ lost: [lost(20_000, 20_040)] }));
    expect(charges.unexplained).toHaveLength(1);
    expect(charges.costs.map(({ lostMs }) => lostMs)).toEqual([0]);
  });

  it('keeps apart what was heard by a capture that was only being opened', () => {
    const charges = chargeKills([kill(10_000)], losses({ lost: [lost(12_000, 13_000, true)] }));
    expect(charges).toMatchObject({ openingMs: 1_000, unexplained: [] });
    expect(charges.costs.map(({ lostMs }) => lostMs)).toEqual([0]);
  });

  it('knows no reconnect time when the recording ends before footage goes on', () => {
    const charges = chargeKills([kill(58_000)], losses({ missing: [span(57_500, 60_000)] }));
    expect(charges.costs).toMatchObject([{ reconnectMs: null }]);
  });
});
