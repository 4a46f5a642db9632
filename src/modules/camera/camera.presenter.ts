import { Injectable } from '@nestjs/common';
import { formatCursor } from '../../common/keyset.js';
import { AppError } from '../../common/errors.js';
import { Camera } from '../../schema/camera.entity.js';
import type { CameraStatus } from '../../schema/camera-status.entity.js';
import type { CameraPage } from './camera.repository.js';
import { CameraStatusRepository } from './camera-status.repository.js';
import { CameraSecrets } from './camera-secrets.js';
import { maskStreamUrl } from './domain/stream-url.js';
import type {
  CameraListResponse,
  CameraResponse,
  CameraStatusResponse,
  OnvifResponse,
} from './dto/camera-response.dto.js';

/** Shows cameras to clients, without passwords. */
@Injectable()
export class CameraPresenter {
  constructor(
    private readonly secrets: CameraSecrets,
    private readonly statuses: CameraStatusRepository,
  ) {}

  async present(camera: Camera): Promise<CameraResponse> {
    const statuses = await this.statuses.findByCameras([camera.id]);
    return this.responseOf(camera, statuses.get(camera.id));
  }

  /** @param limit the size of a full page: a shorter one is the last */
  async presentPage({ cameras, total }: CameraPage, limit: number): Promise<CameraListResponse> {
    const statuses = await this.statuses.findByCameras(cameras.map(({ id }) => id));
    const last = cameras.length < limit ? undefined : cameras.at(-1);
    return {
      data: cameras.map((camera) => this.responseOf(camera, statuses.get(camera.id))),
      total,
      nextCursor: last ? formatCursor({ at: last.createdAt, id: last.id }) : null,
    };
  }

  private responseOf(camera: Camera, status: CameraStatus | undefined): CameraResponse {
    return {
      id: camera.id,
      name: camera.name,
      onvif: onvifOf(camera),
      rtspUrl: camera.rtspUrl === null ? null : this.urlOf(camera, camera.rtspUrl),
      username: camera.rtspUsername,
      hasPassword: camera.rtspPasswordSealed !== null,
      enabled: camera.enabled,
      continuous: camera.continuous,
      recordOn: camera.recordOn,
      preRollSec: camera.preRollSec,
      postRollSec: camera.postRollSec,
      maxRecordingSec: camera.maxRecordingSec,
      overlapPolicy: camera.overlapPolicy,
      recordAudio: camera.recordAudio,
      status: status ? statusOf(status) : null,
      createdAt: camera.createdAt.toISOString(),
      updatedAt: camera.updatedAt.toISOString(),
    };
  }

  /** A lost key must not make the whole list unreadable. */
  private urlOf(camera: Camera, stored: string): string {
    try {
      return maskStreamUrl(this.secrets.openUrl(camera, stored));
    } catch (error) {
      if (error instanceof AppError) return '***';
      throw error;
    }
  }
}

function statusOf({ state, since, ...row }: CameraStatus): CameraStatusResponse {
  const { lastErrorCode: code, lastErrorMessage: message, lastErrorAt: at } = row;
  const lastError = code === null || at === null ? null : { code, message: message ?? '', at: at.toISOString() };
  return { state, since: since.toISOString(), lastError };
}

function onvifOf(camera: Camera): OnvifResponse | null {
  if (camera.onvifHost === null) return null;
  return {
    host: camera.onvifHost,
    port: camera.onvifPort ?? 80,
    username: camera.onvifUsername,
    hasPassword: camera.onvifPasswordSealed !== null,
    profileToken: camera.onvifProfileToken,
  };
}
