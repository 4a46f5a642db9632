import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { Camera } from '../../schema/camera.entity.js';
import type { StreamInfo } from './domain/sdp.js';
import { maskStreamUrl } from './domain/stream-url.js';
import type { ProbeResponse } from './dto/camera-response.dto.js';
import type { OnvifProfile } from './onvif.client.js';
import { describeStream } from './rtsp-describe.client.js';
import { StreamLocator } from './stream-locator.service.js';

/** Looks at a camera the way a recording would, and tells what it found or what is wrong. */
@Injectable()
export class CameraProbe {
  constructor(
    private readonly config: AppConfig,
    private readonly locator: StreamLocator,
    private readonly logger: AppLogger,
  ) {}

  /** Whatever the camera does wrong is an answer, not an error. */
  async probe(camera: Camera): Promise<ProbeResponse> {
    const found: ProbeResponse = {
      ok: false,
      code: null,
      reason: null,
      streams: [],
      source: null,
      url: null,
      profileToken: null,
      profiles: [],
    };
    try {
      const { location, profiles } = await this.locator.locateWithProfiles(camera);
      found.source = location.source;
      found.url = maskStreamUrl(location.url);
      found.profileToken = location.profileToken ?? null;
      found.profiles = profiles;
      const { streams } = await describeStream(location, { timeoutMs: this.config.cameras.connectTimeoutMs });
      const profile = profiles.find(({ token }) => token === location.profileToken);
      const sent = streams.filter(({ isBackChannel }) => !isBackChannel);
      return { ...found, ok: true, streams: sent.map((stream) => complete(stream, profile)) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.logger.info('camera probe found a fault', { cameraId: camera.id, code: error.code, reason: error.message });
      return { ...found, code: error.code, reason: error.message };
    }
  }
}

/** Size and frame rate as the ONVIF profile has them, where the stream's own description leaves them out. */
function complete(stream: StreamInfo, profile: OnvifProfile | undefined): StreamInfo {
  if (stream.kind !== 'video' || !profile) return stream;
  const size =
    profile.width !== null && profile.height !== null ? { width: profile.width, height: profile.height } : {};
  return { ...size, ...(profile.fps === null ? {} : { fps: profile.fps }), ...stream };
}
