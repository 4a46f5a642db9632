import { connect } from 'node:net';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { Camera } from '../../schema/camera.entity.js';
import { AddressPolicy } from './address-policy.service.js';
import { CameraSecrets, type Credentials } from './camera-secrets.js';
import type { StreamLocation } from './domain/stream-location.js';
import { formatStreamUrl, parseAnsweredUrl, parseStreamUrl, type StreamUrl } from './domain/stream-url.js';
import { OnvifClient, type OnvifProfile, type OnvifSession } from './onvif.client.js';

/** How long the address that a device answers has to accept a connection before the device's own address is tried. */
const REACHABLE_MS = 1_000;
/** The best profiles stand first; a device with many that have no stream is to be set up, not searched. */
const MAX_PROFILES_TRIED = 4;
/** What one profile may be guilty of alone. */
const SPOILT_PROFILE = new Set(['CAMERA.ONVIF_FAILED', 'CAMERA.NO_SUCH_PROFILE']);

/** What ONVIF told on the way to the stream; empty for a camera with a fixed address. */
export interface LocatedStream {
  location: StreamLocation;
  profiles: OnvifProfile[];
}

/** Finds out where a camera's stream is, at the moment when it is wanted: cameras move and change their addresses. */
@Injectable()
export class StreamLocator {
  constructor(
    private readonly policy: AddressPolicy,
    private readonly onvif: OnvifClient,
    private readonly secrets: CameraSecrets,
    private readonly logger: AppLogger,
  ) {}

  /**
   * The stream of `camera`, with credentials, checked against the address policy.
   * Its `url` goes to FFmpeg through `buildStreamUrl(url, username, password)`.
   * @throws AppError `CAMERA.HOST_UNKNOWN`, `CAMERA.ADDRESS_NOT_ALLOWED`, `CAMERA.CREDENTIALS_UNREADABLE`,
   *   `CAMERA.SOURCE_MISSING`, and those of `OnvifClient`
   */
  async locate(camera: Camera): Promise<StreamLocation> {
    if (camera.rtspUrl !== null) return this.locateFixed(camera, this.secrets.openUrl(camera, camera.rtspUrl));
    return (await this.locateByOnvif(camera, { allProfiles: false })).location;
  }

  /** As `locate`, and lists the profiles that the device offers. */
  async locateWithProfiles(camera: Camera): Promise<LocatedStream> {
    if (camera.rtspUrl !== null) return { location: await this.locate(camera), profiles: [] };
    return this.locateByOnvif(camera, { allProfiles: true });
  }

  private async locateFixed(camera: Camera, text: string): Promise<StreamLocation> {
    const url = parseStreamUrl(text);
    const address = await this.policy.resolve(url.host);
    return { ...pin(url, address), ...this.credentialsFor(camera, url), source: 'rtspUrl' };
  }

  private async locateByOnvif(camera: Camera, { allProfiles }: { allProfiles: boolean }): Promise<LocatedStream> {
    if (camera.onvifHost === null) {
      throw new AppError({ code: 'CAMERA.SOURCE_MISSING' });
    }
    const reached = await this.policy.resolve(camera.onvifHost);
    const login = this.secrets.openOnvifCredentials(camera);
    const session = await this.onvif.connect({ address: reached, port: camera.onvifPort ?? 80, ...login });
    const { onvifProfileToken: wanted } = camera;
    let profiles = wanted === null ? await session.getProfiles() : [];
    const tokens = wanted === null ? chooseProfiles(profiles) : [wanted];
    const { url, profileToken } = await this.askStreamUrl(session, tokens, reached);
    // Afterwards, and only if they can be had: a capture, which does not ask, must find the same stream.
    if (allProfiles && wanted !== null) profiles = await session.getProfiles().catch(noProfiles);
    const { target, address } = await this.chooseHost(camera, url, reached);
    const credentials = this.credentialsFor(camera, url);
    return { location: { ...pin(target, address), ...credentials, source: 'onvif', profileToken }, profiles };
  }

  /** The stream of the first profile that has one: a profile that is not set up must not spoil the device. */
  private async askStreamUrl(
    session: OnvifSession,
    tokens: string[],
    reached: string,
  ): Promise<{ url: StreamUrl; profileToken: string }> {
    let failure: unknown;
    for (const profileToken of tokens) {
      try {
        return { url: this.readStreamUrl(await session.getStreamUri(profileToken), reached), profileToken };
      } catch (error) {
        failure ??= error;
        if (!(error instanceof AppError) || !SPOILT_PROFILE.has(error.code)) throw error;
      }
    }
    throw failure;
  }

  private readStreamUrl(answered: string, reached: string): StreamUrl {
    try {
      return parseAnsweredUrl(answered, reached);
    } catch (error) {
      const message = 'The device answered a stream address that is not a usable RTSP address.';
      throw new AppError({ code: 'CAMERA.ONVIF_FAILED', message, cause: error });
    }
  }

  /**
   * The device chooses the host it answers, and often names one that is of no use from here. The rule: the answered host when
   * the policy allows it and it accepts a connection; else the address at which the device was reached, with port and path
   * as answered. When neither accepts a connection, the first that is allowed, so that the error names it.
   */
  private async chooseHost(
    camera: Camera,
    url: StreamUrl,
    reached: string,
  ): Promise<{ target: StreamUrl; address: string }> {
    const own = { target: { ...url, host: reached }, address: reached };
    const answered = await this.allowedAddress(url.host);
    if (answered === reached) return { target: url, address: reached };
    if (answered !== undefined) {
      const usable = (await canConnect(answered, url.port)) || !(await canConnect(reached, url.port));
      if (usable) return { target: url, address: answered };
    }
    this.logger.warn('stream host replaced by the address of the device', {
      cameraId: camera.id,
      answeredHost: url.host,
      reason: answered === undefined ? 'not allowed or unknown' : 'not reachable',
      usedHost: reached,
    });
    return own;
  }

  private async allowedAddress(host: string): Promise<string | undefined> {
    try {
      return await this.policy.resolve(host);
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  /** The camera's own credentials; those inside an address (a device's answer, a row of an older version) count when none are stored. */
  private credentialsFor(camera: Camera, { username, password }: StreamUrl): Credentials {
    const stored = this.secrets.openStreamCredentials(camera);
    if (stored.username !== undefined || username === undefined) return stored;
    return { username, ...(password === undefined ? {} : { password }) };
  }
}

/** The list is for people; without it the stream is as good. */
function noProfiles(error: unknown): OnvifProfile[] {
  if (error instanceof AppError) return [];
  throw error;
}

/** Those with video first, each group in the device's order. */
function chooseProfiles(profiles: OnvifProfile[]): string[] {
  const video = profiles.filter(({ codec }) => codec !== null);
  const others = profiles.filter(({ codec }) => codec === null);
  const chosen = [...video, ...others].slice(0, MAX_PROFILES_TRIED).map(({ token }) => token);
  if (chosen.length > 0) return chosen;
  throw new AppError({
    code: 'CAMERA.NO_SUCH_PROFILE',
    message: 'The device offers no profile: set one up in the camera.',
  });
}

/** With rtsps the name stays, because TLS sends it; with rtsp the checked address takes its place. */
function pin(url: StreamUrl, address: string): Pick<StreamLocation, 'url' | 'address' | 'port'> {
  const host = url.scheme === 'rtsp' ? address : url.host;
  return { url: formatStreamUrl({ ...url, host }), address, port: url.port };
}

function canConnect(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (reachable: boolean) => {
      socket.destroy();
      resolve(reachable);
    };
    socket.setTimeout(REACHABLE_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
