import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Playback } from '../../../src/schema/playback.entity.js';
import { ActiveRecording } from '../../../src/modules/recording/active-recording.js';
import { NodeIdentity } from '../../../src/modules/cluster/node-identity.js';
import { RecordingCloser } from '../../../src/modules/recording/recording-closer.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

/** No look at the rows but the first one comes between. */
const RARELY_MS = '60000';

describe('the end of a recording', () => {
  let database: TestDatabase;
  let recordDir: string;
  let camera: VirtualCamera;
  let app: RecorderApp;
  let cameraId: string;
  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-closer-'));
    database = await createTestDatabase();
    camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1 });
    app = await startRecorderApp(database, recordDir, { RECONCILE_MS: RARELY_MS });
    cameraId = await app.addCamera(camera);
  });
  afterAll(async () => {
    await app.close();
    await camera.stop();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  /** A recording of that node with a second of footage, whose range ends so many seconds from now, for all that the recorder knows. */
  async function recording(nodeId: string, endsInSec: number): Promise<ActiveRecording> {
    const [{ id }] = await database.dataSource.query<[{ id: string }]>(
      `INSERT INTO playbacks (camera_id, range_start_at, range_end_at, deadline_at, recording_status, node_id, footage_nodes)
         VALUES ($1, now() - interval '60 s', now() + $3 * interval '1 s', now() + interval '1 h', 'RECORDING', $2, ARRAY[$2::uuid])
         RETURNING id`,
      [cameraId, nodeId, endsInSec],
    );
    const row = await database.dataSource.manager.findOneByOrFail(Playback, { id });
    const active = new ActiveRecording(row, Date.now(), nodeId);
    active.isSafeUntil(Date.now());
    return active;
  }

  it.each([
    ['is over, and ours', 'ours', -1, { closed: 'closed', isOpen: false, abandoned: false }],
    ['ends only later', 'ours', 60, { closed: 'reopened', isOpen: true, abandoned: false }],
    ['is over, and another recorder’s', 'theirs', -1, { closed: 'closed', isOpen: true, abandoned: true }],
  ] as const)('of one that %s', async (_what, whose, endsInSec, expected) => {
    const own = app.app.get(NodeIdentity).nodeId;
    const active = await recording(whose === 'ours' ? own : '11111111-1111-4111-8111-111111111111', endsInSec);
    const closed = await app.app.get(RecordingCloser).close(active, null, new AbortController().signal);
    const row = await database.dataSource.manager.findOneByOrFail(Playback, { id: active.playbackId });
    const isOpen = row.recordingStatus === 'RECORDING';
    expect({ closed, isOpen, abandoned: active.isAbandoned }).toEqual(expected);
  });
});
