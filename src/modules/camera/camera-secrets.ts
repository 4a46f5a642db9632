import { Injectable } from '@nestjs/common';
import { Camera } from '../../schema/camera.entity.js';
import { CredentialCipher, isSealed } from './credential.cipher.js';
import { inlineSecrets } from './domain/stream-url.js';

export interface Credentials {
  username?: string;
  password?: string;
}

/** Puts a camera's secrets into its row and takes them out again. */
@Injectable()
export class CameraSecrets {
  constructor(private readonly cipher: CredentialCipher) {}

  /** @throws AppError `CAMERA.CREDENTIALS_UNREADABLE` */
  openOnvifCredentials(camera: Camera): Credentials {
    return this.open(camera, 'onvifPassword', camera.onvifUsername, camera.onvifPasswordSealed);
  }

  /** RTSP credentials if there are any, else the ONVIF ones; errors as `openOnvifCredentials`. */
  openStreamCredentials(camera: Camera): Credentials {
    if (camera.rtspUsername === null) return this.openOnvifCredentials(camera);
    return this.open(camera, 'rtspPassword', camera.rtspUsername, camera.rtspPasswordSealed);
  }

  sealOnvifPassword(camera: Camera, password: string | null): void {
    const place = { cameraId: camera.id, field: 'onvifPassword' } as const;
    camera.onvifPasswordSealed = password === null ? null : this.cipher.seal(password, place);
  }

  sealRtspPassword(camera: Camera, password: string | null): void {
    const place = { cameraId: camera.id, field: 'rtspPassword' } as const;
    camera.rtspPasswordSealed = password === null ? null : this.cipher.seal(password, place);
  }

  /** An address that carries a password in its path or query is stored sealed as a whole. */
  sealUrl(camera: Camera, url: string): string {
    return inlineSecrets(url).length === 0 ? url : this.cipher.seal(url, { cameraId: camera.id, field: 'rtspUrl' });
  }

  /** What `sealUrl` stored, readable again; errors as `openOnvifCredentials`. */
  openUrl(camera: Camera, stored: string): string {
    if (!isSealed(stored)) return stored;
    return this.cipher.open(stored, { cameraId: camera.id, field: 'rtspUrl' });
  }

  private open(
    camera: Camera,
    field: 'onvifPassword' | 'rtspPassword',
    username: string | null,
    sealed: string | null,
  ): Credentials {
    if (username === null) return {};
    if (sealed === null) return { username };
    return { username, password: this.cipher.open(sealed, { cameraId: camera.id, field }) };
  }
}
