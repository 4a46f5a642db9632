import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Playback } from '../../schema/playback.entity.js';
import { isFinal, RECORDING_STATUSES, type RecordingStatus } from '../../schema/playback-state.js';

const OPEN_STATUSES = RECORDING_STATUSES.filter((status) => !isFinal(status));

/** Counts recordings that are not finished: few rows by an index, however many playbacks there are. */
@Injectable()
export class OpenRecordingsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** One entry per open status, zeros included. */
  async countByStatus(): Promise<Map<RecordingStatus, number>> {
    const rows = await this.dataSource
      .getRepository(Playback)
      .createQueryBuilder('playback')
      .select('playback.recordingStatus', 'status')
      .addSelect('count(*)::int', 'count')
      .where(`playback.recordingStatus IN (:...statuses) AND playback.kind <> 'export'`, { statuses: OPEN_STATUSES })
      .groupBy('playback.recordingStatus')
      .getRawMany<{ status: RecordingStatus; count: number }>();
    const counts = new Map(rows.map(({ status, count }) => [status, count]));
    return new Map(OPEN_STATUSES.map((status) => [status, counts.get(status) ?? 0]));
  }
}
