import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock, SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { formatFootageKey } from '../../../src/modules/archive/domain/footage-key.js';
import { encodeGops } from '../../../src/modules/archive/domain/gop-index.js';
import { formatSegmentName } from '../../../src/modules/footage/domain/segment-name.js';
import { ForeignCaptures } from '../../../src/modules/footage/foreign-captures.store.js';
import { FragmentLog, type StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { FootageStore } from '../../../src/modules/storage/object-store.port.js';
import { segmentsInLog } from '../../../src/modules/timeline/domain/log-segments.js';
import { readFragmentTiming } from '../../../src/mp4/fragment.js';
import { CameraStatus } from '../../../src/schema/camera-status.entity.js';
import { FootageCapture, FootageSegment } from '../../../src/schema/footage.entity.js';
import { RecorderNode } from '../../../src/schema/recorder-node.entity.js';
import { mainStream } from '../../../src/schema/stream-id.js';
import { readFixture } from '../../support/footage.js';
import { insertCapture, insertSegments } from '../../support/footage-rows.js';
import { TimelineModule } from '../../../src/modules/timeline/timeline.module.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type Answer, startTestApp, type TestApp } from '../../support/http-app.js';

/** A time that the test sets. */
export class SetClock extends SystemClock {
  constructor(private ms: number) {
    super();
  }

  override nowMs(): number {
    return this.ms;
  }

  set(ms: number): void {
    this.ms = ms;
  }
}

export interface TimelineRig extends TestApp {
  database: TestDatabase;
  clock: SetClock;
  viewer: string;
  insertCamera(): Promise<string>;
  /** What a viewer gets. */
  ask(cameraId: string, what: string, query?: Record<string, string>): Promise<Answer>;
}

/** The timeline as it runs in the service: real HTTP, guards, database and store. Its clock stands still. */
export async function startTimelineRig(nowMs: number, env: Record<string, string> = {}): Promise<TimelineRig> {
  const database = await createTestDatabase();
  const clock = new SetClock(Date.now());
  const secrets = { CREDENTIALS_KEY: randomBytes(32).toString('base64') };
  const app = await startTestApp(
    database,
    { ...secrets, JWT_EXPIRES_IN: '999d', ...env },
    { imports: [TimelineModule], providers: [{ provide: Clock, useValue: clock }] },
  );
  const viewer = await app.tokenOf('VIEWER');
  clock.set(nowMs);
  return {
    ...{ ...app, database, clock, viewer },
    insertCamera: async () => {
      const sql = `INSERT INTO cameras (name) VALUES ('yard') RETURNING id`;
      return (await database.dataSource.query<[{ id: string }]>(sql))[0].id;
    },
    ask: (cameraId, what, query = {}) =>
      app.call('GET', `/cameras/${cameraId}/footage/${what}?${new URLSearchParams(query).toString()}`, {
        token: viewer,
      }),
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A recorder's disk, and what it has captured of a camera. */
export interface RecorderRig {
  nodeId: string;
  homeDir: string;
  log: FragmentLog;
  /** Its captures of a camera, with all that is in the log of them. */
  read(cameraId: string): Promise<StoredCapture[]>;
  /** Captures the fixture: four seconds, each fragment when its last picture was taken. */
  begin(cameraId: string, startedAtMs: number): Promise<{ append(count: number): Promise<void>; end(): Promise<void> }>;
  /** Gives a closed segment its row and, unless it is to stay local, its object. */
  publish(cameraId: string, captureKey: string, number: number, state?: 'stored' | 'local'): Promise<void>;
  remove(): Promise<void>;
}

export async function addRecorder(rig: TimelineRig, cameraId: string): Promise<RecorderRig> {
  const { manager } = rig.database.dataSource;
  const homeDir = await mkdtemp(join(tmpdir(), 'hindsight-timeline-'));
  const nodeId = randomUUID();
  await writeFile(join(homeDir, 'node-id'), `${nodeId}\n`);
  await manager.insert(RecorderNode, { id: nodeId, homeDir, host: 'here', startedAt: new Date() });
  await manager.insert(CameraStatus, { cameraId, nodeId, state: 'online', since: new Date() });
  const log = new FragmentLog(homeDir, { segmentMs: 2_000, fsyncMs: 0 }, createLogger('silent'));
  const read = (id: string) => new ForeignCaptures().read(homeDir, mainStream(id));
  return {
    ...{ nodeId, homeDir, log, read },
    begin: (id, startedAtMs) => beginFixture(log, id, startedAtMs),
    publish: async (id, captureKey, number, state = 'stored') => {
      const capture = (await read(id)).find(({ captureId }) => captureId === captureKey)!;
      const path = join(capture.dir, formatSegmentName(number));
      const bytes = await readFile(path);
      const segment = segmentsInLog(capture).find((each) => each.number === number)!;
      const known = await manager.findOneBy(FootageCapture, { captureKey });
      const row =
        known ??
        (await insertCapture(rig.database.dataSource, id, {
          ...{ captureKey, configDigest: capture.configDigest, initBytes: capture.init.bytes.length },
        }));
      const { startMs, endMs } = segment;
      const fields = { number, state, nodeId: state === 'local' ? nodeId : null, sizeBytes: bytes.length };
      const where = { captureId: row.id, number };
      if (await manager.existsBy(FootageSegment, where)) await manager.update(FootageSegment, where, fields);
      else
        await insertSegments(rig.database.dataSource, row, [
          { ...fields, startMs, endMs, gops: encodeGops(segment.gops) },
        ]);
      if (state === 'local') return;
      const key = formatFootageKey({ cameraId: id, startMs, durationMs: endMs - startMs, captureKey, number });
      await rig.app.get(FootageStore).putBytes(key, bytes, { contentType: 'video/mp4' });
    },
    remove: () => rm(homeDir, { recursive: true, force: true }),
  };
}

async function beginFixture(log: FragmentLog, cameraId: string, startedAtMs: number) {
  const { init, fragments } = readFixture('h264-aac');
  const writer = await log.openCapture(mainStream(cameraId), init.bytes, startedAtMs);
  const firstMs = readFragmentTiming(Buffer.from(fragments[0]!.moof), init)!.startMs;
  let endMs = startedAtMs;
  return {
    append: async (count: number) => {
      for (const { moof, mdat } of fragments.splice(0, count)) {
        const { startMs, durationMs } = readFragmentTiming(moof, init)!;
        endMs = startedAtMs + startMs - firstMs + durationMs;
        await writer.append(moof, mdat, { wallMs: endMs, monoMs: endMs - startedAtMs });
      }
      await writer.settle();
    },
    end: async () => void (await writer.close(endMs, null)),
  };
}

/** What a playlist lists, in order. */
export interface ListedPart {
  uri: string;
  init: string;
  durationMs: number;
  /** Whether it stands behind a discontinuity. */
  isNewRun: boolean;
  range: { offset: number; sizeBytes: number } | null;
}

export function readPlaylist(text: string): ListedPart[] {
  const parts: ListedPart[] = [];
  let [init, durationMs, isNewRun] = ['', 0, false];
  let range: ListedPart['range'] = null;
  for (const line of text.split('\n')) {
    if (line === '#EXT-X-DISCONTINUITY') isNewRun = true;
    else if (line.startsWith('#EXT-X-MAP')) init = /URI="(.*)"/.exec(line)![1]!;
    else if (line.startsWith('#EXTINF:')) durationMs = Math.round(parseFloat(line.slice(8)) * 1_000);
    else if (line.startsWith('#EXT-X-BYTERANGE:')) {
      const [sizeBytes, offset] = line.slice(17).split('@').map(Number) as [number, number];
      range = { offset, sizeBytes };
    } else if (line !== '' && !line.startsWith('#')) {
      parts.push({ uri: line, init, durationMs, isNewRun, range });
      isNewRun = false;
    }
  }
  return parts;
}
