import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { mainStream, mainStreamLockSql, type StreamId } from '../../schema/stream-id.js';
import { freeLockSql } from '../database/index.js';

/** How much of a camera is kept. */
export interface WarmRing {
  /** What is captured of it. */
  stream: StreamId;
  preRollSec: number;
  /** All of it is kept. */
  isContinuous: boolean;
}

export interface WarmCamera extends WarmRing {
  /** Changes with whatever decides which stream is captured. */
  source: string;
  /** Another recorder that was last seen capturing it; null: none. */
  foreignNodeId: string | null;
}

const IS_WARM = '(camera.pre_roll_sec > 0 OR camera.continuous) AND camera.enabled AND camera.deleted_at IS NULL';

/** Cameras whose capture always runs. */
@Injectable()
export class WarmCameraRepository {
  constructor(private readonly dataSource: DataSource) {}

  async findAll(): Promise<WarmRing[]> {
    const rows = await this.dataSource.query<(Omit<WarmRing, 'stream'> & { id: string })[]>(
      `SELECT id, pre_roll_sec AS "preRollSec", continuous AS "isContinuous" FROM cameras camera WHERE ${IS_WARM}`,
    );
    return rows.map(({ id, ...row }) => ({ stream: mainStream(id), ...row }));
  }

  /** Those that a recorder has, and those that nobody has. @param ownedIds cameras that it owns */
  async findOwnedOrFree(nodeId: string, ownedIds: readonly string[]): Promise<WarmCamera[]> {
    const rows = await this.dataSource.query<(Omit<WarmCamera, 'stream'> & { id: string })[]>(
      `SELECT camera.id, camera.pre_roll_sec AS "preRollSec", camera.continuous AS "isContinuous",
              nullif(status.node_id, $1) AS "foreignNodeId",
              md5(row(onvif_host, onvif_port, onvif_username, onvif_password_sealed, onvif_profile_token,
                      rtsp_url, rtsp_username, rtsp_password_sealed, record_audio)::text) AS source
         FROM cameras camera LEFT JOIN camera_status status ON status.camera_id = camera.id
        WHERE ${IS_WARM} AND (camera.id = ANY ($2) OR ${freeLockSql(mainStreamLockSql('camera.id'))})`,
      [nodeId, ownedIds],
    );
    return rows.map(({ id, ...row }) => ({ stream: mainStream(id), ...row }));
  }
}
