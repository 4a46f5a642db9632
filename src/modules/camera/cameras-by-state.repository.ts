import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CAMERA_STATES, type CameraState, CameraStatus } from '../../schema/camera-status.entity.js';
import { Camera } from '../../schema/camera.entity.js';

/** Counts the cameras by what they were last seen doing. */
@Injectable()
export class CamerasByStateRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** One entry per state, zeros included; a camera that was never captured is idle. */
  async count(): Promise<Map<CameraState, number>> {
    const rows = await this.dataSource
      .getRepository(Camera)
      .createQueryBuilder('camera')
      .leftJoin(CameraStatus, 'status', 'status.camera_id = camera.id')
      .select("coalesce(status.state, 'idle')", 'state')
      .addSelect('count(*)::int', 'count')
      .groupBy('1')
      .getRawMany<{ state: CameraState; count: number }>();
    const counts = new Map(rows.map(({ state, count }) => [state, count]));
    return new Map(CAMERA_STATES.map((state) => [state, counts.get(state) ?? 0]));
  }
}
