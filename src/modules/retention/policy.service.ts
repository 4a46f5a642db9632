import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KEPT_KINDS, type KeptKind } from '../../schema/kept-kind.js';
import { CameraRepository } from '../camera/index.js';
import { effectiveLimits, type EffectiveLimits } from './domain/policy.js';
import { LimitGuard } from './limit-guard.js';
import { type KindPolicy, PolicyRepository } from './policy.repository.js';

/** What was said for a camera or for all, and what holds by it. */
export interface SaidAndEffective {
  policies: KindPolicy[];
  effective: (EffectiveLimits & { kind: KeptKind })[];
}

/** No camera has it: what holds for it holds for a camera of which nobody has said anything. */
const ANY_CAMERA = '';

/** Reads and sets how long things are kept. */
@Injectable()
export class PolicyService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly policies: PolicyRepository,
    private readonly cameras: CameraRepository,
    private readonly guard: LimitGuard,
  ) {}

  /**
   * @param cameraId null: what is said for every camera
   * @throws AppError `CAMERA.NOT_FOUND`
   */
  async get(cameraId: string | null): Promise<SaidAndEffective> {
    if (cameraId !== null) await this.cameras.get(cameraId);
    const all = await this.policies.find(this.dataSource.manager, cameraId ?? undefined);
    const said = all.filter((policy) => policy.cameraId === cameraId);
    const effective = KEPT_KINDS.map((kind) => ({
      kind,
      ...effectiveLimits(all, { cameraId: cameraId ?? ANY_CAMERA, kind }, this.policies.settings(kind)),
    }));
    return { policies: said.map(({ cameraId: _of, ...policy }) => policy), effective };
  }

  /**
   * Everything that was said before is forgotten.
   * @throws AppError `CAMERA.NOT_FOUND`, `RETENTION.LIMIT_MISSING`
   */
  async put(cameraId: string | null, policies: readonly KindPolicy[]): Promise<SaidAndEffective> {
    await this.dataSource.transaction(async (manager) => {
      if (cameraId !== null) await this.cameras.getShared(manager, cameraId);
      await this.policies.lock(manager);
      await this.policies.replace(manager, cameraId, policies);
      await this.guard.checkAll(manager);
    });
    return this.get(cameraId);
  }
}
