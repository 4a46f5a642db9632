import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordingStatus } from '../../../src/schema/playback-state.js';
import { PlaybackStateRepository } from '../../../src/modules/catalogue/playback-state.repository.js';
import { type EventApp, startEventApp } from './event-app.js';

const MERGE_MAX_SEC = 600;
let app: EventApp;

beforeAll(async () => {
  app = await startEventApp({ MERGE_MAX_SEC: String(MERGE_MAX_SEC) });
});
afterAll(() => app.close());
afterEach(() => void (app.clock.aheadMs = 0));

const mergeCamera = (fields: Parameters<EventApp['insertCamera']>[0] = {}) =>
  app.insertCamera({ overlapPolicy: 'merge', postRollSec: 10, maxRecordingSec: 60, ...fields });
const moveTo = async (id: unknown, ...statuses: RecordingStatus[]) => {
  for (const status of statuses) {
    const { manager } = app.database.dataSource;
    expect(await app.app.get(PlaybackStateRepository).transition(manager, String(id), status)).toBe(true);
  }
};
/** Two events in one playback. */
const pair = async (cameraId: string) => {
  const [{ json: first }, { json: second }] = [await app.trigger(cameraId), await app.trigger(cameraId)];
  expect([first['recording'], second['recording']]).toEqual([{ state: 'requested' }, { state: 'joined' }]);
  expect(second['playbackId']).toBe(first['playbackId']);
  return { first: first['id'], second: second['id'], playbackId: first['playbackId'] };
};
const isOver = { rangeEndAt: expect.any(Date), endReason: 'event_ended' };
const isOpen = { rangeEndAt: null, endReason: null };

describe('overlapPolicy parallel', () => {
  it('gives each event a playback of its own', async () => {
    const cameraId = await app.insertCamera();
    const [first, second] = [await app.trigger(cameraId), await app.trigger(cameraId)];
    expect([first.json['recording'], second.json['recording']]).toEqual([
      { state: 'requested' },
      { state: 'requested' },
    ]);
    expect(second.json['playbackId']).not.toBe(first.json['playbackId']);
  });
});

describe('overlapPolicy merge', () => {
  it.each<RecordingStatus[]>([[], ['RECORDING']])(
    'joins an event to the recording that is under way, and says so wherever it is asked (%s)',
    async (...statuses) => {
      const cameraId = await mergeCamera();
      const { json: first } = await app.trigger(cameraId);
      await moveTo(first['playbackId'], ...statuses);
      const { status, json: second } = await app.trigger(cameraId);
      const { playbackId } = first;
      expect([status, second]).toEqual([201, { ...second, playbackId, recording: { state: 'joined' } }]);

      const { token } = app;
      expect((await app.call('GET', `/events/${second['id']}`, { token })).json).toEqual(second);
      const { json: list } = await app.call('GET', `/events?playbackId=${playbackId}`, { token });
      expect(list).toMatchObject({ data: [second, first], total: 2 });
      for (const { id } of [first, second]) {
        const { json: found } = await app.call('GET', `/playbacks?eventId=${id}`, { token });
        expect(found).toMatchObject({ data: [{ id: playbackId, event: { id: first['id'] } }], total: 1 });
      }
    },
  );

  it('counts the events that joined', async () => {
    const joined = async () => {
      const { text } = await app.call('GET', '/metrics', { token: app.token });
      return Number(/^hindsight_events_total\{decision="joined"\} (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    const before = await joined();
    await pair(await mergeCamera());
    expect(await joined()).toBe(before + 1);
  });

  it('takes the policy from the camera as it is now, and keeps cameras apart', async () => {
    const cameraId = await app.insertCamera();
    const patch = (overlapPolicy: string) =>
      app.call('PATCH', `/cameras/${cameraId}`, { token: app.token, body: { overlapPolicy } });
    await app.trigger(cameraId);
    const { json: newest } = await app.trigger(cameraId);
    expect((await patch('merge')).json).toMatchObject({ overlapPolicy: 'merge' });
    expect((await app.trigger(cameraId)).json).toMatchObject({ playbackId: newest['playbackId'] });
    expect((await app.trigger(await mergeCamera())).json['playbackId']).not.toBe(newest['playbackId']);
    expect((await patch('both')).json).toMatchObject({ status: 400, errors: [{ field: 'overlapPolicy' }] });
    await patch('parallel');
    expect((await app.trigger(cameraId)).json).toMatchObject({ recording: { state: 'requested' } });
  });

  it('opens the range again when an event comes in the post-roll, and moves the dead-man limit away', async () => {
    const cameraId = await mergeCamera();
    const { json: first } = await app.trigger(cameraId);
    await moveTo(first['playbackId'], 'RECORDING');
    await app.end(first['id']);
    const before = await app.playback(first['playbackId']);
    expect(before).toMatchObject(isOver);
    app.clock.aheadMs = 9_000;
    const nowMs = app.clock.nowMs();
    const { json: second } = await app.trigger(cameraId);
    expect(second).toMatchObject({ playbackId: first['playbackId'], recording: { state: 'joined' } });
    const after = await app.playback(first['playbackId']);
    expect(after).toMatchObject({ ...isOpen, rangeStartAt: before.rangeStartAt });
    expect(after.deadlineAt!.getTime()).toBeGreaterThanOrEqual(nowMs + 60_000);
    // The event that is over stays so: its second end does not close the range under the other one.
    await app.end(first['id']);
    expect(await app.playback(first['playbackId'])).toEqual(after);
  });

  it('never moves the dead-man limit nearer', async () => {
    const cameraId = await mergeCamera();
    const { json } = await app.trigger(cameraId);
    const { deadlineAt } = await app.playback(json['playbackId']);
    await app.call('PATCH', `/cameras/${cameraId}`, { token: app.token, body: { maxRecordingSec: 5 } });
    await app.trigger(cameraId);
    expect((await app.playback(json['playbackId'])).deadlineAt).toEqual(deadlineAt);
  });

  it('opens another playback once the post-roll is over', async () => {
    const cameraId = await mergeCamera();
    const { json: first } = await app.trigger(cameraId);
    await moveTo(first['playbackId'], 'RECORDING');
    await app.end(first['id']);
    const closed = await app.playback(first['playbackId']);
    app.clock.aheadMs = 11_000;
    expect((await app.trigger(cameraId)).json).toMatchObject({ recording: { state: 'requested' } });
    expect(await app.playback(first['playbackId'])).toEqual(closed);
  });

  it('opens another playback after a stop by hand; a later end of a joined event is harmless', async () => {
    const cameraId = await mergeCamera();
    const { first, second, playbackId } = await pair(cameraId);
    await moveTo(playbackId, 'RECORDING');
    expect((await app.stop(playbackId)).status).toBe(200);
    const stopped = await app.playback(playbackId);
    expect(stopped).toMatchObject({ endReason: 'stopped' });
    // Also for a process whose clock is behind that of the one that stopped it.
    app.clock.aheadMs = -5_000;
    const { json: third } = await app.trigger(cameraId);
    expect(third).toMatchObject({ recording: { state: 'requested' } });
    for (const eventId of [first, second]) {
      expect((await app.end(eventId)).json).toEqual({ ok: true, eventId, playbackId, recordingStatus: 'RECORDING' });
    }
    expect(await app.playback(playbackId)).toEqual(stopped);
    expect(await app.playback(third['playbackId'])).toMatchObject(isOpen);
  });

  it.each<RecordingStatus[]>([['FAILED'], ['RECORDING', 'PROCESSING'], ['RECORDING', 'PROCESSING', 'COMPLETED']])(
    'does not join what is over: %s %s %s',
    async (...statuses) => {
      const cameraId = await mergeCamera();
      const { json } = await app.trigger(cameraId);
      await moveTo(json['playbackId'], ...statuses);
      expect((await app.trigger(cameraId)).json).toMatchObject({ recording: { state: 'requested' } });
    },
  );

  it('does not join a recording that the recorder is just closing', async () => {
    const cameraId = await mergeCamera();
    const { json: first } = await app.trigger(cameraId);
    await moveTo(first['playbackId'], 'RECORDING');
    const { answer } = await app.database.dataSource.transaction(async (manager) => {
      await app.app.get(PlaybackStateRepository).transition(manager, first['playbackId'] as string, 'PROCESSING');
      const waiting = app.trigger(cameraId);
      await untilSomebodyWaits();
      return { answer: waiting };
    });
    expect((await answer).json).toMatchObject({ recording: { state: 'requested' } });
    expect(await app.playback(first['playbackId'])).toMatchObject({ recordingStatus: 'PROCESSING', ...isOpen });
  });

  it('does not join a recording that reaches back too far, but the one that follows it', async () => {
    const cameraId = await mergeCamera({ maxRecordingSec: 43_200 });
    const { playbackId } = await pair(cameraId);
    app.clock.aheadMs = (MERGE_MAX_SEC + 1) * 1_000;
    const { json: next } = await app.trigger(cameraId);
    expect(next).toMatchObject({ recording: { state: 'requested' } });
    expect((await app.trigger(cameraId)).json).toMatchObject({ playbackId: next['playbackId'] });
    expect(await app.playback(playbackId)).toMatchObject(isOpen);
  });

  it.each([
    { preRollSec: 0, statuses: [], reachesBack: true },
    { preRollSec: 5, statuses: ['RECORDING'] as const, reachesBack: true },
    { preRollSec: 0, statuses: ['RECORDING'] as const, reachesBack: false },
  ])('moves the start back for a late event only where there is footage: %j', async (given) => {
    const { preRollSec, statuses, reachesBack } = given;
    const cameraId = await mergeCamera({ preRollSec });
    const { json: first } = await app.trigger(cameraId);
    await moveTo(first['playbackId'], ...statuses);
    const before = await app.playback(first['playbackId']);
    const occurredAt = new Date(Date.now() - 120_000);
    expect((await app.trigger(cameraId, { occurredAt })).json).toMatchObject({ recording: { state: 'joined' } });
    const { rangeStartAt } = await app.playback(first['playbackId']);
    const lateStartMs = occurredAt.getTime() - preRollSec * 1_000;
    expect(rangeStartAt).toEqual(reachesBack ? new Date(lateStartMs) : before.rangeStartAt);
  });
});

describe('the end of a recording that several events share', () => {
  it.each(['first', 'second'] as const)('comes with the last of them, also when the %s ends first', async (sooner) => {
    const cameraId = await mergeCamera();
    const { playbackId, ...events } = await pair(cameraId);
    await moveTo(playbackId, 'RECORDING');
    const answer = { ok: true, playbackId, recordingStatus: 'RECORDING' };
    const [early, late] = sooner === 'first' ? [events.first, events.second] : [events.second, events.first];
    expect((await app.end(early)).json).toEqual({ ...answer, eventId: early });
    expect(await app.playback(playbackId)).toMatchObject(isOpen);
    app.clock.aheadMs = 5_000;
    expect((await app.end(late)).json).toEqual({ ...answer, eventId: late });
    const { json } = await app.call('GET', `/events/${late}`, { token: app.token });
    const closed = await app.playback(playbackId);
    expect(closed).toMatchObject(isOver);
    expect(closed.rangeEndAt!.getTime()).toBe(Date.parse(json['endedAt'] as string) + 10_000);
    await Promise.all([app.end(early), app.end(late)]);
    expect(await app.playback(playbackId)).toEqual(closed);
  });

  it('does not wait for an event that nobody has ended within the dead-man limit', async () => {
    const cameraId = await mergeCamera({ maxRecordingSec: 60 });
    await app.trigger(cameraId);
    app.clock.aheadMs = 50_000;
    const { json: second } = await app.trigger(cameraId);
    const eventRow = { id: second['id'] as string };
    // Rows are stamped by the database, whose clock the test does not move.
    await app.database.dataSource.getRepository('CameraEvent').update(eventRow, { createdAt: app.clock.now() });
    app.clock.aheadMs = 70_000;
    await app.end(second['id']);
    expect(await app.playback(second['playbackId'])).toMatchObject(isOver);
  });

  it('is harmless when the recording is over, or gone', async () => {
    const { first, second, playbackId } = await pair(await mergeCamera());
    await moveTo(playbackId, 'RECORDING', 'PROCESSING');
    expect((await app.end(first)).json).toMatchObject({ ok: true, playbackId, recordingStatus: 'PROCESSING' });
    await moveTo(playbackId, 'COMPLETED');
    expect((await app.end(second)).json).toMatchObject({ ok: true, playbackId, recordingStatus: 'COMPLETED' });
    expect((await app.call('DELETE', `/playbacks/${playbackId}`, { token: app.token })).status).toBe(204);
    expect((await app.end(second)).json).toEqual({
      ok: true,
      eventId: second,
      playbackId: null,
      recordingStatus: null,
    });
  });
});

/** Resolves when a connection of this database waits for another's row. */
async function untilSomebodyWaits(): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  for (;;) {
    const rows: unknown[] = await app.database.dataSource.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
    if (Date.now() > deadlineMs) throw new Error('nobody waited');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
