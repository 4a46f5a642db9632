import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OverlapPolicy } from '../../../src/schema/camera.entity.js';
import { PlaybackStateRepository } from '../../../src/modules/catalogue/playback-state.repository.js';
import type { Answer } from '../../support/http-app.js';
import { type EventApp, startEventApp } from './event-app.js';

let app: EventApp;

beforeAll(async () => {
  app = await startEventApp();
});
afterAll(() => app.close());

const times = <T>(n: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, index) => make(index)));
/** Sends a trigger as a backend does: again, when the machine is too busy to give it a connection in time. Nothing was stored then. */
const send = async (...trigger: Parameters<EventApp['trigger']>): Promise<Answer> => {
  const answer = await app.trigger(...trigger);
  return answer.json['code'] === 'SERVICE.DATABASE_UNAVAILABLE' ? send(...trigger) : answer;
};
const distinct = (answers: { json: Record<string, unknown> }[], key: string) =>
  new Set(answers.map(({ json }) => json[key] as string)).size;

describe('triggers at the same moment', () => {
  it.each<[OverlapPolicy, number]>([
    ['parallel', 50],
    ['merge', 1],
  ])('a hundred, half of them repeats, are fifty events; %s: %d playback(s)', async (overlapPolicy, playbacks) => {
    const cameraId = await app.insertCamera({ overlapPolicy });
    const answers = await times(100, (index) =>
      send(cameraId, { metadata: { n: index % 50 } }, { 'Idempotency-Key': `${overlapPolicy}-${index % 50}` }),
    );
    const unexpected = answers.filter(({ status }) => status !== 201 && status !== 200);
    expect(unexpected.map(({ status, text }) => `${status} ${text}`)).toEqual([]);
    expect(answers.filter(({ status }) => status === 201).map(({ json }) => json['id'] as string)).toHaveLength(50);
    expect([distinct(answers, 'id'), distinct(answers, 'playbackId')]).toEqual([50, playbacks]);
    expect([await app.countOf('events', cameraId), await app.countOf('playbacks', cameraId)]).toEqual([50, playbacks]);
    const decisions = answers.filter(({ json }) => json['recording']['state'] === 'requested');
    expect(distinct(decisions, 'id')).toBe(playbacks);
  });

  it('are different events without an Idempotency-Key, however alike they are', async () => {
    const cameraId = await app.insertCamera({ overlapPolicy: 'merge' });
    const answers = await times(20, () => send(cameraId, { occurredAt: '2026-01-31T12:00:00Z' }));
    expect([distinct(answers, 'id'), distinct(answers, 'playbackId')]).toEqual([20, 1]);
  });

  it('stop one another on no two cameras', async () => {
    const cameraIds = await times(10, () => app.insertCamera({ overlapPolicy: 'merge' }));
    const answers = await times(50, (index) => send(cameraIds[index % 10]!));
    expect([distinct(answers, 'id'), distinct(answers, 'playbackId')]).toEqual([50, 10]);
  });
});

describe('ends at the same moment', () => {
  it('close the range that they share, at the latest of them', async () => {
    const cameraId = await app.insertCamera({ overlapPolicy: 'merge', postRollSec: 10 });
    const events = await times(20, () => send(cameraId));
    await times(20, (index) => app.end(events[index]!.json['id']));
    const [{ last }] = await app.database.dataSource.query<[{ last: Date }]>(
      'SELECT max(ended_at) AS last FROM events WHERE camera_id = $1',
      [cameraId],
    );
    expect(await app.playback(events[0]!.json['playbackId'])).toMatchObject({
      endReason: 'event_ended',
      rangeEndAt: new Date(last.getTime() + 10_000),
    });
  });

  it('leave the range open for an event that came in between, or leave that one a recording of its own', async () => {
    for (let round = 0; round < 40; round += 1) {
      const cameraId = await app.insertCamera({ overlapPolicy: 'merge' });
      const { json: first } = await app.trigger(cameraId);
      const race: [Promise<unknown>, Promise<Answer>] = [app.end(first['id']), app.trigger(cameraId)];
      const { json: second } = (await Promise.all(race))[1];
      const joined = second['recording']['state'] === 'joined';
      expect(second['playbackId'] === first['playbackId']).toBe(joined);
      expect((await app.playback(second['playbackId'])).rangeEndAt).toBeNull();
      if (!joined) expect((await app.playback(first['playbackId'])).rangeEndAt).not.toBeNull();
    }
  });

  it('meet the deletion of their playback without a conflict', async () => {
    const { manager } = app.database.dataSource;
    for (let round = 0; round < 25; round += 1) {
      const { json } = await app.trigger(await app.insertCamera());
      const playbackId = json['playbackId'] as string;
      await app.app.get(PlaybackStateRepository).transition(manager, playbackId, 'FAILED');
      const remove = () => app.call('DELETE', `/playbacks/${playbackId}`, { token: app.token });
      const [ended, removed] = await Promise.all([app.end(json['id']), remove()]);
      expect([ended.status, removed.status]).toEqual([200, 204]);
    }
  });
});
