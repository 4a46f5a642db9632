import { setTimeout as sleep } from 'node:timers/promises';
import { checkFields, decimal, requireObject } from './faults/input.js';
import type { StreamChange } from './stream-change.js';

export interface RebootOptions {
  /** How long the camera is gone. */
  forSec: number;
  /** The first stream when it is back, as by `changeStream`. */
  change?: StreamChange;
}

/** The value as options of a reboot, but for `change`; throws CameraInputError. */
export function checkRebootOptions(value: unknown): RebootOptions {
  const options = requireObject('A reboot', value);
  checkFields({ forSec: options['forSec'], ...options }, { forSec: decimal(0, 86_400), change: () => undefined });
  return options as unknown as RebootOptions;
}

/** What a reboot does to the camera. */
export interface Powered {
  turnOff(): Promise<void>;
  turnOn(): Promise<void>;
}

export interface StartedReboot {
  /** Resolves when the camera is back. */
  back: Promise<void>;
}

/** A reboot that is asked for during another. */
export class RebootInProgressError extends Error {
  constructor() {
    super('The camera is rebooting already');
  }
}

/** Turns the camera off for a while; one reboot at a time. */
export class RebootSwitch {
  private readonly stopped = new AbortController();
  private isDown = false;
  private returning: Promise<void> | undefined;

  constructor(private readonly camera: Powered) {}

  get isOff(): boolean {
    return this.isDown;
  }

  /** Resolves when the camera is off, with a promise for its return; throws RebootInProgressError. */
  async start(forSec: number, whileOff: () => void): Promise<StartedReboot> {
    if (this.isDown) throw new RebootInProgressError();
    this.isDown = true;
    await this.camera.turnOff();
    whileOff();
    this.returning = this.comeBack(forSec);
    return { back: this.returning };
  }

  /** A reboot that goes on ends: the camera stays off. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.returning;
  }

  private async comeBack(forSec: number): Promise<void> {
    try {
      await sleep(forSec * 1000, undefined, { signal: this.stopped.signal });
    } catch {
      return; // The camera was stopped: there is nothing to come back.
    }
    await this.camera.turnOn();
    this.isDown = false;
  }
}
