import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ZodType } from 'zod';
import { CameraModule } from '../../../src/modules/camera/camera.module.js';
import { EventModule } from '../../../src/modules/event/event.module.js';
import { ScheduleModule } from '../../../src/modules/schedule/schedule.module.js';
import { StatisticsModule } from '../../../src/modules/statistics/statistics.module.js';
import { TimelineModule } from '../../../src/modules/timeline/timeline.module.js';
import { spriteKey, thumbnailKey, videoKey } from '../../../src/modules/storage/domain/object-key.js';
import { Incident } from '../../../src/schema/incident.entity.js';
import { CameraStatus } from '../../../src/schema/camera-status.entity.js';
import { PlaybackMedia } from '../../../src/schema/playback-media.entity.js';
import { insertCapture, insertSegments } from '../../support/footage-rows.js';
import { ADMIN_PASSWORD } from '../../support/http-app.js';
import { H264_SDP, startFakeRtsp, type FakeRtsp } from '../camera/support/fake-rtsp.js';
import { indexOf, STARTED_AT_MS, startStreamRig, type StreamRig, urisIn } from '../playback/stream-rig.js';
import { generateClients, type Schemas } from './generated-clients.js';
import { AnswerRecorder, type Recorded } from './recorder.js';

// Two generators and a compiler, on a machine that does other things.
jest.setTimeout(240_000);

const DOCUMENT = JSON.parse(
  readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
) as ConstructorParameters<typeof AnswerRecorder>[2];
const VIDEO = Buffer.alloc(1_000_000);
const JPEG = { contentType: 'image/jpeg' };
const at = (sec: number) => new Date(STARTED_AT_MS + sec * 1_000);
const GAP = { startAt: at(4).toISOString(), endAt: at(6).toISOString(), cause: 'camera_lost' as const };

describe('clients that are generated from docs/openapi.json', () => {
  let schemas: Schemas;
  let rig: StreamRig;
  let camera: FakeRtsp;
  let answers: AnswerRecorder;
  let nothing: Record<string, string>;

  beforeAll(async () => {
    schemas = await generateClients();
    rig = await startStreamRig({ CAMERA_ALLOWED_CIDRS: '127.0.0.0/8,192.168.0.0/16', CAMERA_TIMEOUT_MS: '1500' }, [
      CameraModule,
      EventModule,
      ScheduleModule.forRole('api'),
      StatisticsModule,
      TimelineModule,
    ]);
    camera = await startFakeRtsp(() => ({ status: '200 OK', body: H264_SDP }));
    answers = new AnswerRecorder(rig, rig.tokens, DOCUMENT);
    nothing = { id: randomUUID() };
  });
  afterAll(async () => {
    await camera?.stop();
    await rig?.close();
  });

  it('ask and are answered as the document says: logins and users', async () => {
    const login = { username: 'admin', password: ADMIN_PASSWORD };
    await answers.expect('login', 200, { as: null, body: login });
    await answers.expect('login', 401, { as: null, body: { ...login, password: 'wrong' } });
    await answers.expect('login', 400, { as: null, body: { username: 12 } });
    const user = { username: 'porter', password: 'correct horse battery', role: 'OPERATOR' };
    const { id } = await answers.expect('createUser', 201, { body: user });
    await answers.expect('createUser', 409, { body: user });
    const { data } = await answers.expect('listUsers', 200);
    await answers.expect('listUsers', 401, { as: null });
    await answers.expect('updateUser', 200, { path: { id }, body: { role: 'VIEWER' } });
    await answers.expect('updateUser', 404, { path: nothing, body: { role: 'VIEWER' } });
    await answers.expect('deleteUser', 204, { path: { id } });
    const own = (data as { id: string; username: string }[]).find(({ username }) => username === 'admin')!.id;
    await answers.expect('deleteUser', 409, { path: { id: own } });
  });

  it('ask and are answered as the document says: how long things are kept', async () => {
    const { id: cameraId } = await rig.insertCamera();
    const path = { id: cameraId };
    await answers.expect('updateRetention', 200, { body: { policies: [{ days: 90, keepDays: 2 }] } });
    await answers.expect('updateRetention', 400, { body: { policies: [{ days: -1 }] } });
    await answers.expect('getRetention', 200);
    await answers.expect('updateCameraRetention', 200, {
      path,
      body: { policies: [{ kind: 'event', maxBytes: 1_000 }] },
    });
    await answers.expect('getCameraRetention', 200, { path });
    await answers.expect('getCameraRetention', 404, { path: nothing });
    await answers.expect('createRetentionRun', 200, { body: { dryRun: true, days: 30, kind: 'continuous' } });
    await answers.expect('getStorage', 200);
    const range = { from: at(0).toISOString(), to: at(60).toISOString() };
    const { id } = await answers.expect('createLock', 201, { body: { cameraId, ...range, note: 'for the police' } });
    await answers.expect('createLock', 404, { body: { playbackId: nothing['id'] } });
    await answers.expect('listLocks', 200);
    await answers.expect('deleteLock', 204, { path: { id } });
    await answers.expect('deleteLock', 404, { path: { id } });
    await answers.expect('updateRetention', 200, { body: { policies: [] } });
  });

  it('ask and are answered as the document says: cameras', async () => {
    const rtspUrl = `rtsp://viewer:secret@127.0.0.1:${camera.port}/stream`;
    const { id } = await answers.expect('createCamera', 201, {
      body: { name: 'Yard', rtspUrl, overlapPolicy: 'merge' },
    });
    const onvif = { host: '192.168.1.10', port: 80, username: 'admin', password: 'secret' };
    const { id: other } = await answers.expect('createCamera', 201, { body: { name: 'Gate', onvif } });
    await answers.expect('createCamera', 400, { body: { name: '' } });
    await answers.expect('createCamera', 400, { body: { name: 'Far', rtspUrl: 'rtsp://203.0.113.9/' } });
    await answers.expect('listCameras', 200);
    await answers.expect('getCamera', 200, { path: { id } });
    await answers.expect('getCamera', 404, { path: nothing });
    await answers.expect('updateCamera', 200, { path: { id }, body: { preRollSec: 5, recordAudio: false } });
    await answers.expect('updateCamera', 200, { path: { id: other }, body: { enabled: false, username: null } });
    expect(await answers.expect('probeCamera', 200, { path: { id } })).toMatchObject({ ok: true, source: 'rtspUrl' });
    await answers.expect('updateCamera', 200, { path: { id }, body: { rtspUrl: 'rtsp://127.0.0.1:1/' } });
    expect(await answers.expect('probeCamera', 200, { path: { id } })).toMatchObject({ code: 'CAMERA.UNREACHABLE' });
    await answers.expect('deleteCamera', 204, { path: { id: other } });
    await rig.insertPlayback({ cameraId: id as string });
    await answers.expect('deleteCamera', 409, { path: { id } });
    const local = { timeoutMs: 200 };
    await answers.expect('discoverCameras', 200, { body: local });
  });

  it('ask and are answered as the document says: events', async () => {
    const { id: cameraId } = await rig.insertCamera({ name: 'Door', rtspUrl: 'rtsp://127.0.0.1/x' });
    const body = { cameraId, type: 'MOTION', metadata: { zone: 'porch' } };
    const headers = { 'Idempotency-Key': 'once' };
    const { id } = await answers.expect('createEvent', 201, { as: 'OPERATOR', body, headers });
    await answers.expect('createEvent', 200, { as: 'OPERATOR', body, headers });
    await answers.expect('createEvent', 409, { as: 'OPERATOR', body: { ...body, type: 'DOORBELL' }, headers });
    await answers.expect('createEvent', 201, {
      body: { ...body, type: 'DOORBELL', occurredAt: '2099-01-01T00:00:00Z' },
    });
    await answers.expect('createEvent', 404, { body: { ...body, cameraId: randomUUID() } });
    await answers.expect('createEvent', 400, { body: { ...body, cameraId: 'x' } });
    await answers.expect('listEvents', 200, { as: 'VIEWER', query: '?limit=1' });
    await answers.expect('getEvent', 200, { path: { id } });
    await answers.expect('getEvent', 404, { path: nothing });
    await answers.expect('endEvent', 200, { path: { id } });
    await answers.expect('endEvent', 404, { path: nothing });
  });

  it('ask and are answered as the document says: schedules and their occurrences', async () => {
    const { id: cameraId } = await rig.insertCamera();
    const times = {
      rule: { kind: 'weekly', at: '08:00', days: ['mon', 'sun'] },
      until: '09:30',
      timeZone: 'Europe/Berlin',
    };
    const body = { name: 'Bay', cameraIds: [cameraId], ...times, paddingBeforeSec: 30, exceptDates: ['2026-12-25'] };
    await answers.expect('previewSchedule', 200, { body: { ...times, count: 3 } });
    await answers.expect('previewSchedule', 400, { body: { ...times, timeZone: 'Europe/Atlantis' } });
    const { id } = await answers.expect('createSchedule', 201, { body });
    await answers.expect('createSchedule', 400, { body: { ...body, until: '07:00' } });
    await answers.expect('createSchedule', 404, { body: { ...body, cameraIds: [nothing['id']] } });
    await answers.expect('listSchedules', 200, { query: `?cameraId=${String(cameraId)}` });
    await answers.expect('getSchedule', 200, { path: { id } });
    await answers.expect('getSchedule', 404, { path: nothing });
    const rule = { kind: 'cron', expression: '0 8 * * *' };
    await answers.expect('updateSchedule', 200, { path: { id }, body: { rule, durationSec: 60 } });
    await answers.expect('updateSchedule', 404, { path: nothing, body: { name: 'Gate' } });
    await answers.expect('updateSchedules', 200, { body: { ids: [id, nothing['id']], action: 'enable' } });
    const { data } = await answers.expect('listOccurrences', 200, {
      query: `?scheduleId=${String(id)}&status=scheduled`,
    });
    const [first, second] = data as [{ id: string }, { id: string }];
    await answers.expect('updateOccurrence', 200, { path: { id: first.id }, body: { paddingAfterSec: 10 } });
    await answers.expect('startOccurrence', 200, { path: { id: first.id } });
    await answers.expect('startOccurrence', 409, { path: { id: first.id } });
    await answers.expect('updateOccurrence', 409, { path: { id: first.id }, body: { paddingAfterSec: 10 } });
    await answers.expect('cancelOccurrence', 200, { path: { id: first.id } });
    await answers.expect('cancelOccurrence', 409, { path: { id: first.id } });
    await answers.expect('updateOccurrences', 200, { body: { ids: [second.id, first.id], action: 'start' } });
    await answers.expect('retryOccurrence', 409, { path: { id: second.id } });
    await rig.database.dataSource.query(`UPDATE playbacks SET recording_status = 'FAILED' WHERE kind = 'schedule'`);
    await answers.expect('getOccurrence', 200, { path: { id: second.id } });
    await answers.expect('retryOccurrence', 200, { path: { id: second.id } });
    await answers.expect('getOccurrence', 404, { path: nothing });
    await answers.expect('deleteSchedule', 204, { path: { id } });
    await answers.expect('deleteSchedule', 404, { path: nothing });
  });

  it('ask and are answered as the document says: playbacks in every state', async () => {
    const { cameraId } = rig;
    const { id } = await answers.expect('createPlayback', 201, { body: { cameraId, durationSec: 60 } });
    await answers.expect('createPlayback', 404, { body: { cameraId: randomUUID() } });
    await answers.expect('deletePlayback', 409, { path: { id } });
    await answers.expect('stopPlayback', 200, { path: { id } });
    await answers.expect('stopPlayback', 404, { path: nothing });
    const event = await rig.insertEvent({ cameraId, description: 'At the gate', endedAt: at(9), metadata: { a: 1 } });
    const range = { cameraId, rangeStartAt: at(0), rangeEndAt: at(10), startedAt: at(0), endedAt: at(10) };
    const media = { bytes: 5_000_000_000, durationMs: 8_000, frames: 200, fps: 25 };
    const upload = { uploadSafeBytes: 10_485_760, uploadPendingBytes: 1, uploadAtRiskBytes: 1 };
    const recorded = await rig.insertPlayback({ ...range, recordingStatus: 'RECORDING', eventId: event.id });
    await rig.insertProgress({ playbackId: recorded.id, ...media, ...upload });
    const retry = { finaliseAttempts: 3, retryAt: at(20), retryReason: 'The store did not answer.' };
    await rig.insertPlayback({ ...range, ...retry, recordingStatus: 'PROCESSING', endReason: 'event_ended' });
    const failure = { failureCode: 'CAMERA.UNREACHABLE', failureMessage: 'It did not answer.', gaps: [GAP] };
    const failed = await rig.insertPlayback({
      ...range,
      ...failure,
      recordingStatus: 'FAILED',
      endReason: 'start_failed',
    });
    const stored = {
      fileSizeBytes: 5_000_000_000,
      durationMs: 12_040,
      durationSec: 12,
      codec: 'h264',
      resolution: '16x16',
    };
    const made = { assembly: 'copied' as const, expectedMs: 12_000, storedMs: 10_000, gaps: [GAP] };
    const video = await rig.insertVideo(VIDEO, { ...range, ...stored, ...made, endReason: 'event_ended' });
    await answers.expect('listPlaybacks', 200, { as: 'VIEWER' });
    await answers.expect('listPlaybacks', 200, { query: '?recordingStatus=FAILED,COMPLETED&limit=1' });
    await answers.expect('listPlaybacks', 400, { query: '?recordingStatus=GONE' });
    for (const one of [id as string, failed.id, video.id])
      await answers.expect('getPlayback', 200, { path: { id: one } });
    await answers.expect('getPlayback', 400, { path: { id: 'x' } });
    await answers.expect('getPlayback', 404, { path: nothing });
    await answers.expect('stopPlayback', 409, { path: { id: failed.id } });
    await answers.expect('getWatchState', 200, { path: { id: failed.id } });
    await answers.expect('getVideo', 409, { path: { id: failed.id } });
    await answers.expect('deletePlayback', 204, { path: { id: failed.id } });
  });

  it('ask and are answered as the document says: video, streams and pictures', async () => {
    const id = await completeOne();
    const path = { id };
    const { etag } = (await rig.store.head(videoKey(id)))!;
    for (const operation of ['getVideo', 'downloadVideo']) {
      await answers.expect(operation, 200, { path });
      await answers.expect(operation, 206, { path, headers: { range: 'bytes=0-1' } });
      await answers.expect(operation, 304, { path, headers: { 'if-none-match': etag } });
      await answers.expect(operation, 416, { path, headers: { range: 'bytes=9999999-' } });
      await answers.expect(operation, 401, { as: null, path, query: '?expires=1&signature=x' });
    }
    await answers.expect('getDownloadUrl', 200, { path });
    await answers.expect('getMediaInfo', 200, { path });
    await answers.expect('getThumbnail', 200, { path });
    await answers.expect('getThumbnail', 404, { path: nothing });
    await answers.expect('getSprite', 200, { path });
    await answers.expect('getSprite', 304, { path, headers: { 'if-none-match': '*' } });
    await answers.expect('getThumbnailTrack', 200, { path });
    await answers.expect('getWatchState', 200, { path });
    const { playlistUrl } = await answers.expect('getStreamUrl', 200, { path });
    const query = new URL(playlistUrl as string).search;
    const playlist = (await answers.expect('getStreamPlaylist', 200, { as: null, path, query })) as unknown as string;
    const segmentId = /segment\/(.+?)\.m4s/.exec(urisIn(playlist)[0]!)![1]!;
    await answers.expect('getStreamInit', 200, { path: { id, name: /init\/(.+?)\.mp4/.exec(playlist)![1]! } });
    await answers.expect('getStreamInit', 404, { path: { id, name: '99' } });
    await answers.expect('getStreamSegment', 200, { path: { id, segmentId } });
    await answers.expect('getStreamSegment', 404, { path: { id, segmentId: 'none' } });
  });

  it('ask and are answered as the document says: statistics', async () => {
    const { cameraId } = rig;
    await rig.insertPlayback({ cameraId, rangeStartAt: at(0), recordingStatus: 'FAILED', gaps: [GAP] });
    const range = 'from=2026-01-01&to=2026-02-01&timeZone=Europe/Berlin';
    await answers.expect('getStatistics', 200, { as: 'VIEWER' });
    await answers.expect('getStatistics', 200, { query: `?${range}&cameraId=${cameraId}` });
    await answers.expect('getStatistics', 200, { query: `?${range}&groupBy=camera&groupBy=day` });
    await answers.expect('getStatistics', 400, { query: '?from=2026-01-01&to=2028-01-01' });
    await answers.expect('getStatistics', 401, { as: null });
  });

  it('ask and are answered as the document says: footage', async () => {
    const { id } = await rig.insertCamera({ name: 'Lobby' });
    const path = { id };
    // What is older than an hour is looked for in the index alone.
    const ago = (sec: number) => Date.now() - sec * 1_000;
    const footage = await rig.beginCapture(ago(100), id);
    await footage.append(Infinity);
    await footage.end();
    await rig.database.dataSource.manager.insert(CameraStatus, {
      cameraId: id,
      nodeId: rig.nodeId,
      state: 'online',
      since: at(0),
    });
    const indexed = await insertCapture(rig.database.dataSource, id);
    const ms = { startMs: ago(90), endMs: ago(60) };
    await insertSegments(rig.database.dataSource, indexed, [ms]);
    await insertSegments(rig.database.dataSource, indexed, [
      { ...ms, startMs: ms.startMs + 1, number: 2, trashedAt: at(0) },
    ]);
    const range = `from=${new Date(ago(200)).toISOString()}&to=${new Date(ago(10)).toISOString()}`;
    expect(
      (await answers.expect('getFootageSpans', 200, { as: 'VIEWER', path, query: `?${range}` }))['gaps'],
    ).toHaveLength(3);
    await answers.expect('getFootageSpans', 400, { path, query: '?from=yesterday' });
    await answers.expect('getFootageSpans', 404, { path: nothing, query: `?${range}` });
    const { nextCursor } = await answers.expect('listFootageSegments', 200, { path, query: `?${range}&limit=1` });
    await answers.expect('listFootageSegments', 200, { path, query: `?${range}&cursor=${String(nextCursor)}` });
    await answers.expect('listFootageDays', 200, { path });
    await answers.expect('listFootageDays', 200, {
      path,
      query: '?from=2026-01-30&to=2026-02-02&detail=true&timeZone=Europe/Berlin',
    });
    await answers.expect('listFootageDays', 400, { path, query: '?detail=maybe' });
    await answers.expect('getFootagePlaylist', 409, {
      path,
      query: `?from=${at(-60).toISOString()}&to=${at(-50).toISOString()}`,
    });
    await answers.expect('getFootagePlaylist', 401, { as: null, path, query: `?${range}&expires=1&signature=x` });
    const { playlistUrl } = await answers.expect('getFootageStreamUrl', 200, { path, query: `?${range}` });
    const query = new URL(playlistUrl as string).search;
    const playlist = (await answers.expect('getFootagePlaylist', 200, { as: null, path, query })) as unknown as string;
    const segmentId = /segment\/(.+?)\.m4s/.exec(urisIn(playlist)[0]!)![1]!;
    await answers.expect('getFootageSegment', 200, { path: { id, segmentId } });
    await answers.expect('getFootageSegment', 404, { path: { id, segmentId: 'none' } });
    await answers.expect('getFootageInit', 200, { path: { id, capture: /init\/(.+?)\.mp4/.exec(playlist)![1]! } });
    await answers.expect('getFootageInit', 404, { path: { id, capture: 'none' } });
  });

  it('ask and are answered as the document says: incidents', async () => {
    const { cameraId } = rig;
    const { id: playbackId } = await rig.insertPlayback({ cameraId });
    const times = { beganAt: at(0), openedAt: at(45), seenAt: at(60) };
    await rig.database.dataSource.getRepository(Incident).insert([
      { ...times, kind: 'upload_backlog', subject: '', detail: '2 recordings wait to be stored.' },
      {
        ...{ ...times, kind: 'recording_stalled', subject: 'x', detail: 'It gets no more footage.' },
        ...{ cameraId, playbackId, nodeId: rig.nodeId, endedAt: at(60) },
      },
    ]);
    expect((await answers.expect('listIncidents', 200, { as: 'VIEWER' }))['data']).toHaveLength(2);
    await answers.expect('listIncidents', 200, { query: '?open=true&kind=upload_backlog&limit=1' });
    await answers.expect('listIncidents', 400, { query: '?open=maybe' });
    await answers.expect('listIncidents', 401, { as: null });
  });

  it('ask and are answered as the document says: health', async () => {
    await answers.expect('getLiveness', 200, { as: null });
    await answers.expect('getLiveness', 400, { as: null, query: '?verbose=1' });
    await answers.expect('getReadiness', 200, { as: null });
    await answers.expect('getMetrics', 200, { as: 'VIEWER' });
    await answers.expect('getMetrics', 401, { as: null });
  });

  it('are told which role an operation needs', async () => {
    const guarded = answers.operations.filter(({ responses }) => '403' in responses);
    expect(guarded.length).toBeGreaterThan(10);
    for (const { id, responses } of guarded) {
      const problem = await answers.expect(id, 403, { as: 'VIEWER', path: nothing });
      const example = responses['403']!.content!['application/problem+json']!.examples!['AUTH.WRONG_ROLE']!.value;
      expect([id, problem['detail']]).toEqual([id, example.detail]);
    }
  });

  it('have an answer of every operation, and understand each as it was sent', () => {
    const answered = new Set(
      answers.recorded.filter(({ status }) => status < 300).map(({ operation }) => operation.id),
    );
    expect(answers.operations.map(({ id }) => id).filter((id) => !answered.has(id))).toEqual([]);
    expect(answers.recorded.filter(({ isProblem }) => isProblem).length).toBeGreaterThan(30);
    expect(answers.recorded.map(faultOf).filter((fault) => fault !== null)).toEqual([]);
  });

  it('would not understand another answer', () => {
    const [list] = answers.recorded.filter(
      ({ operation, status }) => operation.id === 'listPlaybacks' && status === 200,
    );
    const body = structuredClone(list!.body) as { data: Record<string, unknown>[] };
    const change = (fields: Record<string, unknown>) =>
      faultOf({ ...list!, body: { ...body, data: [{ ...body.data[0], ...fields }] } });
    expect(change({})).toBeNull();
    expect(change({ recordingStatus: null })).toContain('recordingStatus');
    expect(change({ durationMs: 1.5 })).toContain('durationMs');
    expect(change({ endReason: 'bored' })).toContain('endReason');
    expect(change({ secret: 'not in the document' })).toContain('secret');
  });

  /** What is wrong with an answer, or with what was asked, by the generated schemas; null when nothing is. */
  function faultOf({ operation: { id, method }, status, body, isProblem, sent }: Recorded): string | null {
    const name = id[0]!.toUpperCase() + id.slice(1);
    const isTaken = sent !== undefined && status < 300;
    // Defaults may be filled in, but never into a change, where what is left out stays as it is.
    const asked = isTaken ? mismatch(`z${name}Body`, sent, { mayFillIn: method !== 'PATCH' }) : null;
    if (asked !== null || status === 204 || status === 304) return asked;
    return mismatch(isProblem ? 'zProblem' : `z${name}Response`, body);
  }

  /** A generated schema lets pass what it does not know, and leaves it out. */
  function mismatch(name: string, value: unknown, { mayFillIn = false } = {}): string | null {
    const schema: ZodType | undefined = schemas[name];
    if (!schema) return `there is no ${name}`;
    const { success, data, error } = schema.safeParse(value);
    if (!success) return `${name}: ${error.message}`;
    const understood = JSON.parse(JSON.stringify({ data }, plain)) as { data?: object };
    const filledIn = mayFillIn ? { ...understood.data, ...(value as object) } : value;
    const told = JSON.stringify(sorted(filledIn));
    const left = JSON.stringify(sorted(understood.data));
    return told === left ? null : `${name}: ${told} is understood as ${left}`;
  }

  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

  function sorted(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
  }

  /** A stored recording with everything that there may be of one. */
  async function completeOne(): Promise<string> {
    const capture = await rig.beginCapture();
    await capture.append(Infinity);
    await capture.end();
    const index = indexOf(await capture.stored());
    const { id } = await rig.insertRecording();
    await rig.complete(id, VIDEO, index);
    await rig.store.putBytes(thumbnailKey(id), Buffer.from('a picture'), JPEG);
    await rig.store.putBytes(spriteKey(id), Buffer.from('pictures'), JPEG);
    const sprite = { columns: 2, rows: 2, tileWidth: 160, tileHeight: 90, atMs: [0, 2_000, 4_040], durationMs: 6_500 };
    const video = {
      index: 0,
      kind: 'video' as const,
      codec: 'h264',
      profile: 'High',
      width: 640,
      height: 360,
      fps: 24.97,
    };
    const sound = { index: 1, kind: 'audio' as const, codec: 'aac', profile: null, sampleRate: 32_000, channels: 1 };
    const measured = { bitrateKbps: 1, durationMs: 6_500, frames: 162 };
    const gop = { frames: 50, maxFrames: 51, keyFrames: 3 };
    const streams = [
      { ...video, ...measured, pixelFormat: 'yuv420p', gop },
      { ...sound, ...measured, bitrateKbps: null, frames: null },
    ];
    const info = { container: 'mov,mp4', durationMs: 6_500, sizeBytes: VIDEO.length, bitrateKbps: 1, streams };
    await rig.database.dataSource.manager.update(
      PlaybackMedia,
      { playbackId: id },
      { info, thumbnailAt: at(1), sprite },
    );
    return id;
  }
});
