import { Injectable } from '@nestjs/common';
import { formatCursor } from '../../common/keyset.js';
import { AppError } from '../../common/errors.js';
import { Camera } from './camera.entity.js';
import type { CameraPage } from './camera.repository.js';
import { CameraSecrets } from './camera-secrets.js';
import { maskStreamUrl } from './domain/stream-url.js';
import type { CameraListResponse, CameraResponse, OnvifResponse } from './dto/camera-response.dto.js';

/** Shows cameras to clients, without passwords. */
@Injectable()
export class CameraPresenter {
  constructor(private readonly secrets: CameraSecrets) {}

  present(camera: Camera): CameraResponse {
    return {
      id: camera.id,
      name: camera.name,
      onvif: onvifOf(camera),
      rtspUrl: camera.rtspUrl === null ? null : this.urlOf(camera, camera.rtspUrl),
      username: camera.rtspUsername,
      hasPassword: camera.rtspPasswordSealed !== null,
      recordOn: camera.recordOn,
      preRollSec: camera.preRollSec,
      postRollSec: camera.postRollSec,
      maxRecordingSec: camera.maxRecordingSec,
      recordAudio: camera.recordAudio,
      createdAt: camera.createdAt.toISOString(),
      updatedAt: camera.updatedAt.toISOString(),
    };
  }

  /** @param limit the size of a full page: a shorter one is the last */
  presentPage({ cameras, total }: CameraPage, limit: number): CameraListResponse {
    const last = cameras.length < limit ? undefined : cameras.at(-1);
    return {
      data: cameras.map((camera) => this.present(camera)),
      total,
      nextCursor: last ? formatCursor({ at: last.createdAt, id: last.id }) : null,
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
