import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { mainStream, type StreamId } from '../../schema/stream-id.js';

export interface WarmCamera {
  /** What is captured of it. */
  stream: StreamId;
  preRollSec: number;
  /** Changes with whatever decides which stream is captured. */
  source: string;
}

/** Cameras whose capture always runs. */
@Injectable()
export class WarmCameraRepository {
  constructor(private readonly dataSource: DataSource) {}

  async findAll(): Promise<WarmCamera[]> {
    const rows = await this.dataSource.query<{ id: string; preRollSec: number; source: string }[]>(
      `SELECT id, pre_roll_sec AS "preRollSec",
              md5(row(onvif_host, onvif_port, onvif_username, onvif_password_sealed, onvif_profile_token,
                      rtsp_url, rtsp_username, rtsp_password_sealed, record_audio)::text) AS source
         FROM cameras WHERE pre_roll_sec > 0 AND enabled AND deleted_at IS NULL`,
    );
    return rows.map(({ id, ...row }) => ({ stream: mainStream(id), ...row }));
  }
}
