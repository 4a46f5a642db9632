import { type VirtualCamera, type VirtualCameraOptions, startVirtualCamera } from '@hindsight/virtual-camera';
import { answerWith } from './worker.js';

/** What a camera sent to its first session of `main`. */
export interface CameraReport {
  sessionsOpened: number;
  /** Counter of the first frame sent; -1 when there was none. */
  firstCounter: number;
  /** Frames sent until the instant asked for. */
  framesSent: number;
}

export interface CameraInfo {
  rtspUrl: string;
  rtspUrlWithCredentials: string;
  loopLength: number;
}

export type CameraRequest =
  | { op: 'start'; cameras: VirtualCameraOptions[] }
  /** One instant per camera, in the order of `start`. */
  | { op: 'report'; untilMs: number[] };

const cameras: VirtualCamera[] = [];

async function answer(request: CameraRequest): Promise<unknown> {
  switch (request.op) {
    case 'start':
      for (const options of request.cameras) cameras.push(await startVirtualCamera(options));
      return cameras.map(({ rtspUrl, rtspUrlWithCredentials, loopLength }): CameraInfo => ({
        rtspUrl,
        rtspUrlWithCredentials,
        loopLength,
      }));
    case 'report':
      return cameras.map((camera, index) => report(camera, request.untilMs[index] ?? Infinity));
  }
}

function report(camera: VirtualCamera, untilMs: number): CameraReport {
  const { sessionsOpened, sessions } = camera.stats();
  const session = sessions.find(({ stream }) => stream === 'main');
  const sent = camera.sentFrames().filter((frame) => frame.sessionId === session?.id && frame.sentAtMs <= untilMs);
  return { sessionsOpened, firstCounter: session?.firstFrame?.counter ?? -1, framesSent: sent.length };
}

answerWith(answer);
