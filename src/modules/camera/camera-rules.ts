import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Camera } from '../../schema/camera.entity.js';

/** @throws what the caller is told, when a camera may not be like this; then nothing is changed */
export type CameraRule = (manager: EntityManager, camera: Camera) => Promise<void>;

/** What a camera must keep to that only other modules know. */
@Injectable()
export class CameraRules {
  private readonly rules: CameraRule[] = [];

  register(rule: CameraRule): void {
    this.rules.push(rule);
  }

  /** In the transaction that writes the camera, when its row is as it is to be. */
  async check(manager: EntityManager, camera: Camera): Promise<void> {
    for (const rule of this.rules) await rule(manager, camera);
  }
}
