import type { CameraCore } from './camera-parts.js';
import type { CameraServers } from './camera-servers.js';
import { FaultPanel } from './faults/fault-panel.js';
import { checkFields, oneOf } from './faults/input.js';
import { MainStream } from './main-stream.js';
import { OddityPanel } from './oddities/oddity-panel.js';
import type { StreamSetup } from './options.js';
import type { RebootOptions, StartedReboot } from './reboot.js';
import { RebootSwitch, checkRebootOptions } from './reboot.js';
import type { StreamChange } from './stream-change.js';

export type ChangeTime = 'now' | 'next-session';

/** All that can be done to a running camera. */
export class CameraSwitches {
  readonly faults: FaultPanel;
  readonly oddities: OddityPanel;
  private readonly reboots: RebootSwitch;
  private readonly mainStream: MainStream;

  constructor(
    core: CameraCore,
    private readonly servers: CameraServers,
    first: StreamSetup,
  ) {
    this.faults = new FaultPanel(core.faults, () => servers.followFaults());
    this.oddities = new OddityPanel(core.oddities);
    this.reboots = new RebootSwitch(servers);
    this.mainStream = new MainStream(core.streams, first, core.oddities);
  }

  get isOff(): boolean {
    return this.reboots.isOff;
  }

  async changeStream(change: StreamChange, when: ChangeTime = 'now'): Promise<void> {
    checkFields({ when }, { when: oneOf('now', 'next-session') });
    const apply = await this.mainStream.prepare(change);
    apply();
    if (when === 'now') this.servers.rtsp.drop();
  }

  /** Resolves when the camera is off. */
  async startReboot(asked: RebootOptions): Promise<StartedReboot> {
    const { forSec, change } = checkRebootOptions(asked);
    const apply = change === undefined ? () => undefined : await this.mainStream.prepare(change);
    return this.reboots.start(forSec, apply);
  }

  /** Ends timers and a reboot under way. */
  async stop(): Promise<void> {
    this.faults.stop();
    await this.reboots.stop();
  }
}
