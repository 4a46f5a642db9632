import type { CameraCore } from './camera-parts.js';
import { createOnvifServer, createRtspServer, describeDevice } from './camera-parts.js';
import { DiscoveryResponder } from './onvif/discovery.js';
import type { OnvifServer } from './onvif/server.js';
import type { VirtualCameraOptions } from './options.js';
import type { Powered } from './reboot.js';
import type { RtspServer } from './rtsp/server.js';

export interface CameraAddresses {
  rtspPort: number;
  onvifPort: number;
  /** The host at which both are reached. */
  onvifHost: string;
}

/** The servers of one camera, and whether they are on the air. */
export class CameraServers implements Powered {
  readonly rtsp: RtspServer;
  private readonly host: string;
  private onvif: OnvifServer | undefined;
  /** The media services, when they have a port of their own. */
  private media: OnvifServer | undefined;
  private discovery: DiscoveryResponder | undefined;
  private isOn = false;

  constructor(
    private readonly core: CameraCore,
    private readonly options: VirtualCameraOptions,
  ) {
    this.host = options.host ?? '127.0.0.1';
    this.rtsp = createRtspServer(core, options, this.host);
  }

  async start(): Promise<CameraAddresses> {
    const { options, host } = this;
    const rtspPort = await this.rtsp.port.open(options.rtspPort ?? 0);
    const device = describeDevice(this.core, options, rtspPort);
    if (this.core.oddities.onvifMediaElsewhere) {
      this.media = createOnvifServer(device, options, host, 'media');
      device.mediaPort = await this.media.port.open(0);
    }
    this.onvif = createOnvifServer(device, options, host, this.media ? 'device' : 'all');
    const onvifPort = await this.onvif.port.open(options.onvifPort ?? 0);
    if (options.discovery) this.discovery = new DiscoveryResponder(device, host, onvifPort);
    await this.discovery?.start();
    this.isOn = true;
    await this.followFaults();
    return { rtspPort, onvifPort, onvifHost: host === '0.0.0.0' ? '127.0.0.1' : host };
  }

  /** Opens or closes the RTSP port as the faults say. */
  async followFaults(): Promise<void> {
    if (this.isOn && !this.core.faults.refusing) await this.rtsp.port.reopen();
    else await this.rtsp.port.close();
  }

  /** As when the power goes: the ports are closed, and the connections are reset. */
  async turnOff(): Promise<void> {
    this.isOn = false;
    this.rtsp.drop('reset');
    await Promise.all([this.rtsp.port.close(), this.onvif?.stop(), this.media?.stop(), this.discovery?.stop()]);
  }

  async turnOn(): Promise<void> {
    this.isOn = true;
    await Promise.all([
      this.followFaults(),
      this.onvif?.port.reopen(),
      this.media?.port.reopen(),
      this.discovery?.start(),
    ]);
  }

  async stop(): Promise<void> {
    this.isOn = false;
    await Promise.all([this.rtsp.stop(), this.onvif?.stop(), this.media?.stop(), this.discovery?.stop()]);
  }
}
