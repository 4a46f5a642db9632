import { DataSource, type DataSourceOptions } from 'typeorm';
import { CreatePreviousSchema1700000000000 } from '../migrations/1700000000000-create-previous-schema.js';
import { AddEventTriggeredRecording1730000000000 } from '../migrations/1730000000000-add-event-triggered-recording.js';
import { AddRecordingLifecycle1795000000000 } from '../migrations/1795000000000-add-recording-lifecycle.js';
import { IndexPlaybacksByCameraAndStatus1795000000001 } from '../migrations/1795000000001-index-playbacks-by-camera-and-status.js';
import { AddOwnershipAndMerging1795000000002 } from '../migrations/1795000000002-add-ownership-and-merging.js';
import { AddStreamingUpload1795000000003 } from '../migrations/1795000000003-add-streaming-upload.js';
import { RecordOnSaysWhatRecords1795000000004 } from '../migrations/1795000000004-record-on-says-what-records.js';
import { AddEventReportedAt1795000000005 } from '../migrations/1795000000005-add-event-reported-at.js';
import { NameTheStreamOfInterruptions1795000000006 } from '../migrations/1795000000006-name-the-stream-of-interruptions.js';
import { IndexPlaybacksByRange1795000000007 } from '../migrations/1795000000007-index-playbacks-by-range.js';
import { KeepProgressApart1795000000008 } from '../migrations/1795000000008-keep-progress-apart.js';
import { AddIncidents1795000000009 } from '../migrations/1795000000009-add-incidents.js';
import { AddFootageArchive1795000000010 } from '../migrations/1795000000010-add-footage-archive.js';
import { AddPlaybackKind1795000000011 } from '../migrations/1795000000011-add-playback-kind.js';
import { AddExports1795000000014 } from '../migrations/1795000000014-add-exports.js';
import { AddRetention1795000000013 } from '../migrations/1795000000013-add-retention.js';
import { AddSchedules1795000000012 } from '../migrations/1795000000012-add-schedules.js';
import { User } from './user.entity.js';
import { CameraStatus } from './camera-status.entity.js';
import { Camera } from './camera.entity.js';
import { CameraEvent } from './event.entity.js';
import {
  FootageCapture,
  FootagePeriod,
  FootagePin,
  FootageRemoval,
  FootageSegment,
  Installation,
  Tombstone,
} from './footage.entity.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { PlaybackMedia } from './playback-media.entity.js';
import { PlaybackProgress } from './playback-progress.entity.js';
import { Playback } from './playback.entity.js';
import { Incident } from './incident.entity.js';
import { Interruption } from './interruption.entity.js';
import { Occurrence } from './occurrence.entity.js';
import { RecorderNode } from './recorder-node.entity.js';
import { PlaybackLock, RetentionPolicy, RetentionState, StorageShortage, StorageUsage } from './retention.entity.js';
import { ScheduleCamera } from './schedule-camera.entity.js';
import { Schedule } from './schedule.entity.js';

export const MIGRATIONS = [
  CreatePreviousSchema1700000000000,
  AddEventTriggeredRecording1730000000000,
  AddRecordingLifecycle1795000000000,
  IndexPlaybacksByCameraAndStatus1795000000001,
  AddOwnershipAndMerging1795000000002,
  AddStreamingUpload1795000000003,
  RecordOnSaysWhatRecords1795000000004,
  AddEventReportedAt1795000000005,
  NameTheStreamOfInterruptions1795000000006,
  IndexPlaybacksByRange1795000000007,
  KeepProgressApart1795000000008,
  AddIncidents1795000000009,
  AddFootageArchive1795000000010,
  AddPlaybackKind1795000000011,
  AddSchedules1795000000012,
  AddRetention1795000000013,
  AddExports1795000000014,
];

export const ENTITIES = [
  ...[User, Camera, CameraStatus, CameraEvent, IdempotencyKey],
  ...[Playback, PlaybackMedia, PlaybackProgress, Interruption, Incident, RecorderNode],
  ...[Installation, FootagePeriod, FootageCapture, FootageSegment, FootageRemoval, FootagePin, Tombstone],
  ...[PlaybackLock, RetentionPolicy, RetentionState, StorageShortage, StorageUsage],
  ...[Schedule, ScheduleCamera, Occurrence],
];

/** Every key that two processes may fight for while they start. */
const MIGRATION_LOCK = 0x48_49_4e_44;

/** Options for one PostgreSQL, the same for the service, the command line and the tests. */
export function dataSourceOptions(url: string, poolSize = 10): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    poolSize,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    applicationName: 'hindsight',
    // A database that is away must be noticed, not waited for.
    connectTimeoutMS: 5_000,
    extra: { keepAlive: true },
  };
}

/** Runs what is pending, once, also when several processes start together. Returns the names of what was run. */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const guard = dataSource.createQueryRunner();
  await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    const done = await dataSource.runMigrations();
    return done.map(({ name }) => name);
  } finally {
    await guard.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await guard.release();
  }
}
