import { setTimeout as delay } from 'node:timers/promises';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { secret } from '../../support/secrets.js';
import { addCamera, ODD_PASSWORD, trigger, type TriggeredEvent, waitForFootage } from './recording.js';
import { TestService, type TestServiceOptions } from './test-service.js';

/** A service and a camera of its own. Tests that run side by side have one each. */
export class Scene {
  private constructor(
    readonly service: TestService,
    readonly camera: VirtualCamera,
  ) {}

  /** Nothing of it is left when `play` is over. The service is not started yet. */
  static async prepare(options: TestServiceOptions, play: (scene: Scene) => Promise<void>): Promise<void> {
    const login = { username: 'admin', password: secret(`${ODD_PASSWORD}-scene`) };
    const camera = await startVirtualCamera({ gopSec: 1, ...login });
    const service = await TestService.prepare(options);
    try {
      await play(new Scene(service, camera));
    } finally {
      await service.close();
      await camera.stop();
    }
  }

  /** The same with a service that is ready. */
  static with(options: TestServiceOptions, play: (scene: Scene) => Promise<void>): Promise<void> {
    return Scene.prepare(options, async (scene) => {
      await scene.service.start();
      await play(scene);
    });
  }

  /** An event of which there is footage. */
  async record(footageMs = 1_000): Promise<TriggeredEvent & { cameraId: string }> {
    const cameraId = await addCamera(this.service, this.camera);
    const event = await trigger(this.service, cameraId);
    await waitForFootage(this.service, event.playbackId, footageMs);
    return { ...event, cameraId };
  }

  /** The camera falls silent, and FFmpeg hangs in its read; with data at hand it would heed SIGINT. */
  async hang(): Promise<void> {
    this.camera.pause();
    await delay(500); // what was under way has arrived
  }
}
