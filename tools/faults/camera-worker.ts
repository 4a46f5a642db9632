import { startVirtualCamera, type VirtualCameraOptions } from '@hindsight/virtual-camera';

export interface CameraInfo {
  rtspUrl: string;
  rtspPort: number;
  onvifHost: string;
  onvifPort: number;
  /** Everything else is asked and told there. */
  controlUrl: string;
  loopLength: number;
  fps: number;
}

/** Cameras in a process of their own: nothing that the campaign does makes them late. Their options are the first argument, as JSON. */
async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '[]') as VirtualCameraOptions[];
  const infos: CameraInfo[] = [];
  for (const each of options) {
    const camera = await startVirtualCamera({ ...each, controlPort: 0 });
    const { rtspUrl, rtspPort, onvifHost, onvifPort, controlUrl, loopLength, fps } = camera;
    infos.push({ rtspUrl, rtspPort, onvifHost, onvifPort, controlUrl: controlUrl ?? '', loopLength, fps });
  }
  process.send?.(infos);
}

// The cameras outlive Ctrl-C, so that what records them can drain, and end with the campaign.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
