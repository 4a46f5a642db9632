import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { AppError } from '../../common/errors.js';
import type { PagePosition } from '../../common/keyset.js';
import { notify } from '../database/index.js';
import { Playback } from '../../schema/playback.entity.js';
import { isFinal, RECORDING_STATUSES } from '../../schema/playback-state.js';
import { Camera } from '../../schema/camera.entity.js';
import { CameraRules } from './camera-rules.js';
import { keepFootagePeriod } from './footage-periods.js';

export interface CameraPage {
  cameras: Camera[];
  total: number;
}

/** The table of cameras; a deleted camera is in it, but is found by nothing here. */
@Injectable()
export class CameraRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rules: CameraRules,
  ) {}

  async find(id: string): Promise<Camera | null> {
    return this.dataSource.getRepository(Camera).findOneBy({ id });
  }

  /** @throws AppError `CAMERA.NOT_FOUND` */
  async get(id: string): Promise<Camera> {
    return (await this.find(id)) ?? notFound(id);
  }

  /**
   * Reads a camera inside a transaction and keeps it from being deleted until that ends (`FOR SHARE`); for whoever is about
   * to give it a playback.
   * @throws AppError `CAMERA.NOT_FOUND`
   */
  async getShared(manager: EntityManager, id: string): Promise<Camera> {
    return (await manager.findOne(Camera, { where: { id }, lock: { mode: 'pessimistic_read' } })) ?? notFound(id);
  }

  /** The oldest first; `total` counts all of them. */
  async findPage(limit: number, after: PagePosition | null): Promise<CameraPage> {
    const repository = this.dataSource.getRepository(Camera);
    const query = repository
      .createQueryBuilder('camera')
      .orderBy('camera.createdAt')
      .addOrderBy('camera.id')
      .take(limit);
    if (after) query.where('(camera.createdAt, camera.id) > (:at, :id)', after);
    const [cameras, total] = await Promise.all([query.getMany(), repository.count()]);
    return { cameras, total };
  }

  /** @throws what a rule throws */
  async insert(camera: Camera): Promise<Camera> {
    return this.dataSource.transaction(async (manager) => {
      const saved = await manager.save(camera, { reload: true });
      await this.rules.check(manager, saved);
      await keepFootagePeriod(manager, camera.id);
      await tellRecorders(manager, camera.id);
      return saved;
    });
  }

  /**
   * Changes the row while nobody else can.
   * @throws AppError `CAMERA.NOT_FOUND`, and whatever `change` or a rule throws
   */
  async update(id: string, change: (camera: Camera) => void): Promise<Camera> {
    return this.dataSource.transaction(async (manager) => {
      const camera = await lockForChange(manager, id);
      change(camera);
      const saved = await manager.save(camera);
      await this.rules.check(manager, saved);
      await keepFootagePeriod(manager, id);
      await tellRecorders(manager, id);
      return saved;
    });
  }

  /**
   * Marks the camera as deleted and wipes what it knows of users and passwords.
   * @throws AppError `CAMERA.NOT_FOUND`, `CAMERA.BUSY` while one of its playbacks is not final
   */
  async softDelete(id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await lockForChange(manager, id);
      const open = RECORDING_STATUSES.filter((status) => !isFinal(status));
      if (await manager.existsBy(Playback, { cameraId: id, recordingStatus: In(open) })) {
        throw new AppError({ code: 'CAMERA.BUSY' });
      }
      await manager.update(Camera, id, {
        onvifUsername: null,
        onvifPasswordSealed: null,
        rtspUrl: null,
        rtspUsername: null,
        rtspPasswordSealed: null,
        deletedAt: () => 'now()',
      });
      await keepFootagePeriod(manager, id);
      await tellRecorders(manager, id);
    });
  }
}

/** A camera may be warm from now on, or no longer, or elsewhere. */
async function tellRecorders(manager: EntityManager, id: string): Promise<void> {
  await notify(manager, 'hindsight_recordings', id);
}

async function lockForChange(manager: EntityManager, id: string): Promise<Camera> {
  return (await manager.findOne(Camera, { where: { id }, lock: { mode: 'pessimistic_write' } })) ?? notFound(id);
}

function notFound(id: string): never {
  throw new AppError({ code: 'CAMERA.NOT_FOUND', values: { id } });
}
