import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import type { PagePosition } from '../../common/keyset.js';
import { Camera } from '../../schema/camera.entity.js';
import { AddressPolicy } from './address-policy.service.js';
import { applyChanges, newCamera } from './camera-changes.js';
import { CameraPage, CameraRepository } from './camera.repository.js';
import { CameraSecrets } from './camera-secrets.js';
import { parseStreamUrl } from './domain/stream-url.js';
import { CreateCameraDto, UpdateCameraDto } from './dto/camera-input.dto.js';

/** The registry of cameras. A camera need not be switched on to be registered, but its host must be known and allowed. */
@Injectable()
export class CameraService {
  constructor(
    private readonly cameras: CameraRepository,
    private readonly secrets: CameraSecrets,
    private readonly policy: AddressPolicy,
  ) {}

  /** @throws AppError `REQUEST.INVALID`, `CAMERA.ADDRESS_NOT_ALLOWED`, `CAMERA.HOST_UNKNOWN`, `CAMERA.CREDENTIALS_TOO_LONG` */
  async create(input: CreateCameraDto): Promise<Camera> {
    const camera = newCamera(randomUUID());
    applyChanges(camera, input, this.secrets);
    await this.checkHosts(input);
    return this.cameras.insert(camera);
  }

  /** Errors as `create`, and `CAMERA.NOT_FOUND`. */
  async update(id: string, input: UpdateCameraDto): Promise<Camera> {
    await this.cameras.get(id);
    // Before the row is locked: DNS takes its time.
    await this.checkHosts(input);
    return this.cameras.update(id, (camera) => applyChanges(camera, input, this.secrets));
  }

  /** @throws AppError `CAMERA.NOT_FOUND` */
  async get(id: string): Promise<Camera> {
    return this.cameras.get(id);
  }

  async list(limit: number, after: PagePosition | null): Promise<CameraPage> {
    return this.cameras.findPage(limit, after);
  }

  /** @throws AppError `CAMERA.NOT_FOUND`, `CAMERA.BUSY` */
  async delete(id: string): Promise<void> {
    await this.cameras.softDelete(id);
  }

  private async checkHosts({ onvif, rtspUrl }: UpdateCameraDto): Promise<void> {
    if (onvif?.host !== undefined) await this.checkHost('onvif.host', onvif.host);
    if (typeof rtspUrl === 'string') await this.checkHost('rtspUrl', parseStreamUrl(rtspUrl).host);
  }

  /** It is the caller who named the host: the error says in which field. */
  private async checkHost(field: string, host: string): Promise<void> {
    try {
      await this.policy.resolve(host);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message } = error;
      throw new AppError({ code, message, fields: [{ field, message }], cause: error });
    }
  }
}
