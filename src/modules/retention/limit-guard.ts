import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { Camera } from '../../schema/camera.entity.js';
import { CameraRules } from '../camera/index.js';
import { effectiveLimits, isLimited } from './domain/policy.js';
import { PolicyRepository } from './policy.repository.js';

/** Sees to it that continuous footage has a limit, whatever is changed: a disk that it has filled records nothing at all. */
@Injectable()
export class LimitGuard implements OnModuleInit {
  constructor(
    private readonly config: AppConfig,
    private readonly policies: PolicyRepository,
    private readonly rules: CameraRules,
  ) {}

  onModuleInit(): void {
    this.rules.register(async (manager, camera) => {
      if (camera.continuous) await this.check(manager, [camera]);
    });
  }

  /**
   * Of every camera, when policies have changed.
   * @throws AppError `RETENTION.LIMIT_MISSING`
   */
  async checkAll(manager: EntityManager): Promise<void> {
    await this.check(manager, await manager.findBy(Camera, { continuous: true }));
  }

  private async check(manager: EntityManager, cameras: readonly Camera[]): Promise<void> {
    if (this.config.retention.maxBytes > 0) return;
    // Whoever changes a camera and whoever changes policies must see each other.
    await this.policies.lock(manager);
    const policies = await this.policies.find(manager);
    const endless = cameras.filter(({ id: cameraId }) => {
      const { days, maxBytes } = effectiveLimits(
        policies,
        { cameraId, kind: 'continuous' },
        this.policies.settings('continuous'),
      );
      return !isLimited({ days: days.value, maxBytes: maxBytes.value });
    });
    if (endless.length === 0) return;
    const names = endless.map(({ name }) => name).join(', ');
    throw new AppError({ code: 'RETENTION.LIMIT_MISSING', values: { cameras: names } });
  }
}
