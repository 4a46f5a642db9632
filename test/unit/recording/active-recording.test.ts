import { describe, expect, it } from '@jest/globals';
import type { Playback } from '../../../src/schema/playback.entity.js';
import { ActiveRecording } from '../../../src/modules/recording/active-recording.js';

const T = 1_000_000;

function recording(rangeEndMs: number | null = null, fields: Partial<Playback> = {}): ActiveRecording {
  const row = {
    ...{ id: 'p', cameraId: 'c', createdAt: new Date(T), rangeStartAt: new Date(T) },
    ...{ rangeEndAt: rangeEndMs === null ? null : new Date(rangeEndMs), footageNodes: [], nodeId: null },
    ...{ recordingStatus: 'PENDING', ...fields },
  };
  return new ActiveRecording(row as unknown as Playback, T, 'here');
}

let lastStartMs = 0;

/** Each stands behind the one before it. */
function fragment() {
  const startMs = (lastStartMs += 1_000);
  const place = { segment: '1', offset: 0, moofBytes: 1, sizeBytes: 1_000 };
  return { ...place, startMs, durationMs: 1_000, frames: 25, isSync: true };
}

const span = (startMs: number) => ({ startMs: T + startMs, endMs: T + startMs + 1_000 });

describe('ActiveRecording', () => {
  it('adds up what belongs to its range', () => {
    const one = recording();
    expect(one.add(fragment(), span(-1_000), 'capture')).toBe('foreign');
    expect(one.add(fragment(), span(-500), 'capture')).toBe('first');
    expect(one.add(fragment(), span(500), 'capture')).toBe('more');
    expect(one).toMatchObject({ bytes: 2_000, durationMs: 2_000, frames: 50, footageEndMs: T + 1_500 });
  });

  it('counts a fragment once, told from the log and told by the capture', () => {
    const one = recording();
    const twice = fragment();
    expect([one.add(twice, span(0), 'capture'), one.add(twice, span(0), 'capture')]).toEqual(['first', 'foreign']);
    expect(one.frames).toBe(25);
  });

  it('takes one fragment behind the end of a short event, and its range reaches over it', () => {
    const one = recording(T + 200);
    expect(one.add(fragment(), span(900), 'capture')).toBe('first');
    expect(one.rangeEndMs).toBe(T + 1_900);
    expect(one.add(fragment(), span(1_900), 'capture')).toBe('foreign');
  });

  it('lacks the event while there is only what was kept from before, and takes one fragment behind its end for it', () => {
    const one = recording(T + 200, { rangeStartAt: new Date(T - 5_000) });
    expect(one.lacksEvent).toBe(true);
    expect([one.add(fragment(), span(-1_000), 'ring'), one.lacksEvent]).toEqual(['first', true]);
    expect([one.add(fragment(), span(900), 'capture'), one.lacksEvent]).toEqual(['more', false]);
    expect(one.rangeEndMs).toBe(T + 1_900);
    expect([one.add(fragment(), span(1_900), 'capture'), one.phase]).toEqual(['foreign', 'passed']);
  });

  it('wants nothing behind an end that was before the trigger, except for having nothing at all', () => {
    const one = recording(T - 500, { rangeStartAt: new Date(T - 5_000) });
    one.add(fragment(), span(-3_000), 'ring');
    expect([one.lacksEvent, one.add(fragment(), span(0), 'capture')]).toEqual([false, 'foreign']);
    expect(recording(T - 500).lacksEvent).toBe(true);
  });

  it('wants the next fragment too when pictures before its end lean on it', () => {
    const one = recording(T + 980);
    const leaning = () => ({ ...fragment(), leanMs: 80 });
    one.add(leaning(), span(0), 'capture');
    expect(one).toMatchObject({ footageEndMs: T + 1_000, wholeUntilMs: T + 920, phase: 'follows' });
    expect([one.add(leaning(), span(1_000), 'capture'), one.wholeUntilMs]).toEqual(['more', T + 1_920]);
    expect([one.add(leaning(), span(2_000), 'capture'), one.phase]).toEqual(['foreign', 'passed']);
  });

  it('is passed by footage from behind its end, until its end moves or something of its range comes', () => {
    const one = recording(T + 1_000);
    one.add(fragment(), span(0), 'capture');
    expect([one.add(fragment(), span(1_000), 'capture'), one.phase]).toEqual(['foreign', 'passed']);
    expect([one.add(fragment(), span(900), 'capture'), one.phase]).toEqual(['more', 'follows']);
    one.add(fragment(), span(1_900), 'capture');
    one.setRange(T, null);
    expect(one.phase).toBe('follows');
  });

  it('goes by the order of one capture, whose place on the clock may still move back', () => {
    const one = recording();
    one.add(fragment(), span(1_500), 'capture');
    expect(one.add(fragment(), span(1_000), 'capture')).toBe('more');
    expect(one.footageEndMs).toBe(T + 2_000);
    expect(one.add(fragment(), span(1_000), 'another')).toBe('foreign');
    expect(one.add(fragment(), span(1_200), 'another')).toBe('more');
  });

  it('follows its range: ended, opened again by another event, cut short', () => {
    const one = recording();
    one.setRange(T, T + 5_000);
    expect(one.rangeEndMs).toBe(T + 5_000);
    one.setRange(T, null);
    expect(one.rangeEndMs).toBeNull();
    one.setRange(T, T + 2_000);
    expect(one.rangeEndMs).toBe(T + 2_000);
  });

  it('keeps the fragment behind the end of a short event, whatever the row says of its end', () => {
    const one = recording(T + 200);
    one.add(fragment(), span(900), 'capture');
    one.setRange(T, T + 100);
    expect(one.rangeEndMs).toBe(T + 1_900);
  });

  it('does not count again what the log tells a second time', () => {
    const one = recording();
    const early = fragment();
    one.add(early, span(0), 'capture');
    one.add(fragment(), span(1_000), 'capture');
    expect(one.add({ ...early }, span(0), 'capture')).toBe('foreign');
    expect(one.frames).toBe(50);
  });

  it('knows whether somebody has recorded it before, and who else may hold footage', () => {
    expect(recording().resumed).toBe(false);
    expect(recording(null, { nodeId: 'here' }).resumed).toBe(false);
    expect(recording(null, { nodeId: 'there' }).resumed).toBe(true);
    expect(recording(null, { recordingStatus: 'RECORDING' }).resumed).toBe(true);
    expect(recording(null, { footageNodes: ['there', 'here'] }).footageNodes).toEqual(['there']);
  });

  it('forgets a failure when footage comes again', () => {
    const one = recording();
    one.fail({ code: 'RECORDING.INTERNAL', message: 'x', cause: 'camera_lost', permanent: true }, T);
    one.add(fragment(), span(0), 'capture');
    expect(one).toMatchObject({ lastFailure: null, failedAtMs: null });
  });

  it('does not blame the camera for an FFmpeg that was killed', () => {
    const one = recording();
    const killed = { code: 'RECORDING.INTERNAL', message: 'x', cause: 'ffmpeg_failed', permanent: false } as const;
    one.fail({ ...killed, wasKilled: true }, T);
    expect(one).toMatchObject({ lastFailure: { code: 'RECORDING.INTERNAL' }, failedAtMs: null });
    one.fail(killed, T + 1);
    expect(one.failedAtMs).toBe(T + 1);
  });

  it('wakes whoever waits, at a change or at the time', async () => {
    const one = recording();
    const waiting = one.nextChange(null, T);
    one.changed();
    await waiting;
    await one.nextChange(T, T);
  });
});
