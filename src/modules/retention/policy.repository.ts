import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { RetentionPolicy } from '../../schema/retention.entity.js';
import type { KeptKind } from '../../schema/kept-kind.js';
import type { Limits, Policy } from './domain/policy.js';

const ALL = 'all';

/** A policy of whoever it is asked for. */
export type KindPolicy = Omit<Policy, 'cameraId'>;

/** What was said of how long things are kept, and what the settings say where nothing was. */
@Injectable()
export class PolicyRepository {
  constructor(private readonly config: AppConfig) {}

  /** What holds where no policy says anything. */
  readonly settings = (kind: KeptKind): Limits => {
    const { days, continuousDays } = this.config.retention;
    return { days: kind === 'continuous' ? continuousDays : days, maxBytes: 0, keepDays: 0 };
  };

  /** Until the transaction ends nobody else changes a policy, or what must fit them. */
  async lock(manager: EntityManager): Promise<void> {
    await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('retention.policies', 0))`);
  }

  /** @param cameraId null: those for every camera */
  async replace(manager: EntityManager, cameraId: string | null, policies: readonly KindPolicy[]): Promise<void> {
    await manager.delete(RetentionPolicy, { cameraId: cameraId ?? IsNull() });
    const rows = policies.map(({ kind, ...fields }) => ({ ...fields, cameraId, kind: kind ?? ALL }));
    await manager.insert(RetentionPolicy, rows);
  }

  /** Those for every camera, and those of one camera, or of each. */
  async find(manager: EntityManager, cameraId?: string): Promise<Policy[]> {
    const where = cameraId === undefined ? {} : { where: [{ cameraId: IsNull() }, { cameraId }] };
    const rows = await manager.find(RetentionPolicy, { ...where, order: { kind: 'ASC' } });
    return rows.map(({ cameraId: of, kind, days, maxBytes, keepDays }) => ({
      ...{ cameraId: of, days, maxBytes, keepDays },
      kind: kind === ALL ? null : (kind as KeptKind),
    }));
  }
}
