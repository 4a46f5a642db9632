import { startVirtualCamera, type VirtualCamera, type VirtualCameraOptions } from '@hindsight/virtual-camera';
import { expect } from '@jest/globals';
import { type CaptureRig, type CaptureRigOptions, makeCaptureRig } from './capture-rig.js';
import { eventually } from './eventually.js';

/** One camera and its capture. Tests that run side by side have one each. */
export class Stage {
  private constructor(
    readonly camera: VirtualCamera,
    readonly rig: CaptureRig,
  ) {}

  /** Nothing of it is left when `play` is over. */
  static async with(
    options: VirtualCameraOptions,
    play: (stage: Stage) => Promise<void>,
    rigOptions: CaptureRigOptions = {},
  ): Promise<void> {
    const camera = await startVirtualCamera(options);
    const rig = await makeCaptureRig(camera, rigOptions);
    try {
      await play(new Stage(camera, rig));
    } finally {
      await rig.remove();
      await camera.stop();
    }
  }

  /** Codes of the failures so far. */
  get failures(): string[] {
    return this.rig.told.failures.map(({ code }) => code);
  }

  /** Resolves when so many fragments have come. */
  async has(fragments: number): Promise<void> {
    await eventually(() => expect(this.rig.told.fragments.length).toBeGreaterThanOrEqual(fragments));
  }

  /** Resolves when so many fragments more have come. */
  async more(fragments: number): Promise<void> {
    await this.has(this.rig.told.fragments.length + fragments);
  }

  /** One capture with so many fragments, from its first FFmpeg to the end of that. */
  async record(fragments: number): Promise<void> {
    const { capture } = this.rig;
    const wanted = this.rig.told.fragments.length + fragments;
    capture.demand('test');
    await this.has(wanted);
    capture.release('test');
    await capture.idle();
  }

  async said(code: string): Promise<void> {
    await eventually(() => expect(this.failures).toContain(code));
  }
}
