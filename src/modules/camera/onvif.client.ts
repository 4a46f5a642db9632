import { Injectable } from '@nestjs/common';
import { Cam, type CamProfile } from 'onvif';
import utils from 'onvif/lib/utils.js';
import { AppError, messageOf } from '../../common/errors.js';
import { Redactor } from '../../common/redaction.js';
import { AppConfig } from '../../config/app-config.js';
import { cameraError } from './domain/camera-errors.js';
import { formatHost } from './domain/host.js';
import {
  buildSecurityHeader,
  escapeXml,
  SoapHttpClient,
  type SoapPeer,
  type SoapResponse,
} from './soap-http.client.js';

/** A device to talk to; `address` has passed the address policy, and nothing else is ever connected to. */
export type OnvifTarget = SoapPeer;

/** A stream that the device offers; codec as the device spells it (`H264`, `H265`, `JPEG`). */
export interface OnvifProfile {
  token: string;
  name: string;
  codec: string | null;
  width: number | null;
  height: number | null;
  fps: number | null;
}

interface DeviceRequest {
  service?: string;
  action?: string;
  body: string;
}
type Callback = (error: Error | null, data?: unknown, xml?: string, status?: number) => void;

/** Talks to ONVIF devices; the only file that knows the `onvif` package. */
@Injectable()
export class OnvifClient {
  constructor(private readonly config: AppConfig) {}

  /**
   * Reads the device's clock and its services. The conversation as a whole, with all calls of the session, has `timeoutMs`.
   * @throws AppError `CAMERA.UNREACHABLE`, `CAMERA.WRONG_PASSWORD`, `CAMERA.ONVIF_FAILED`
   */
  async connect(target: OnvifTarget, timeoutMs = this.config.cameras.connectTimeoutMs): Promise<OnvifSession> {
    const session = new OnvifSession(target, timeoutMs);
    await session.start();
    return session;
  }
}

export class OnvifSession {
  private readonly device: Device;
  private readonly where: string;
  /** For what this device says, and nothing else: it may repeat what it was sent. */
  private readonly redactor = new Redactor();

  constructor(
    private readonly target: OnvifTarget,
    timeoutMs: number,
  ) {
    this.where = `${formatHost(target.address)}:${target.port}`;
    this.device = new Device(target, new SoapHttpClient(target, timeoutMs));
    this.redactor.add(target.password, target.username);
  }

  /** Called by `OnvifClient.connect`. */
  async start(): Promise<void> {
    const { device } = this;
    // The clock is only needed to sign with.
    const clock = this.target.username ? this.ask((done) => device.getSystemDateAndTime(done)) : Promise.resolve();
    await clock.catch((error: unknown) => {
      // A device that does not tell its time is asked on with ours.
      if (device.broken) throw error;
    });
    await this.ask((done) => device.getServices(true, done)).catch((error: unknown) => {
      if (device.broken || isWrongPassword(error)) throw error;
      return this.ask((done) => device.getCapabilities(done));
    });
    if (!device.uri?.media && !device.uri?.['media2']) {
      throw cameraError(
        'CAMERA.ONVIF_FAILED',
        `The device at ${this.where} offers no video by ONVIF: it has no media service.`,
      );
    }
  }

  /** @throws AppError `CAMERA.WRONG_PASSWORD`, `CAMERA.ONVIF_FAILED`, `CAMERA.UNREACHABLE` */
  async getProfiles(): Promise<OnvifProfile[]> {
    const { device } = this;
    const profiles = await this.ask<CamProfile[]>((done) => device.getProfiles(done)).catch((error: unknown) => {
      // Some devices announce Media2 and do not serve it; the package itself falls back like this when it connects.
      if (!device.media2Support || !device.uri?.media || device.broken || isWrongPassword(error)) throw error;
      device.media2Support = false;
      return this.ask<CamProfile[]>((done) => device.getProfiles(done));
    });
    return profiles.map(readProfile).filter(({ token }) => token !== '');
  }

  /**
   * The address of the profile's stream for RTP over RTSP over TCP, as the device spells it: its host is the device's choice.
   * @throws AppError `CAMERA.NO_SUCH_PROFILE` and those of `getProfiles`
   */
  async getStreamUri(profileToken: string): Promise<string> {
    const options = { protocol: 'RTSP' as const, profileToken: escapeXml(profileToken) };
    return this.uriOf(await this.ask((done) => this.device.getStreamUri(options, done)));
  }

  /** The address of a still picture; errors as `getStreamUri`. */
  async getSnapshotUri(profileToken: string): Promise<string> {
    return this.uriOf(
      await this.ask((done) => this.device.getSnapshotUri({ profileToken: escapeXml(profileToken) }, done)),
    );
  }

  private uriOf(answer: unknown): string {
    const uri = record(answer)['uri'];
    if (typeof uri === 'string' && uri !== '') return uri;
    throw cameraError('CAMERA.ONVIF_FAILED', `The device at ${this.where} answered without a stream address.`);
  }

  /** Turns one call of the package into a promise; whatever it throws or answers becomes an AppError. */
  private ask<T>(call: (done: (error: Error | null, data?: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.device.giveUp = reject;
      call((error, data) => {
        if (error) reject(error);
        else resolve(data as T);
      });
    }).catch((error: unknown) => {
      throw this.translate(error);
    });
  }

  private translate(thrown: unknown): AppError {
    if (thrown instanceof AppError) return thrown;
    const { status, xml } = this.device.last;
    const said = messageOf(thrown).slice(0, 4000);
    // A cause stands in the log, too.
    const error = new Error(this.redactor.redact(said));
    const fault = `${said} ${faultOf(xml)}`;
    if (
      status === 401 ||
      status === 403 ||
      /not\s*authorized|FailedAuthentication|InvalidSecurity|FailedCheck|unauthorized/i.test(fault)
    ) {
      const message = this.target.username
        ? `The device at ${this.where} refuses the user name or password.`
        : `The device at ${this.where} asks for a user name and password, and none is stored.`;
      return cameraError('CAMERA.WRONG_PASSWORD', message, error);
    }
    if (/NoProfile|NoSuchProfile|profile\b.{0,40}\bnot exist/i.test(fault)) {
      return cameraError(
        'CAMERA.NO_SUCH_PROFILE',
        `The device at ${this.where} has no profile with this token: choose one that it offers.`,
        error,
      );
    }
    if (said === 'Wrong ONVIF SOAP response') {
      const message = `The device at ${this.where} answered, but not with ONVIF (HTTP ${status}): check the port.`;
      return cameraError('CAMERA.ONVIF_FAILED', message, error);
    }
    const detail = error.message.replace(/\s+/g, ' ').slice(0, 150);
    return cameraError(
      'CAMERA.ONVIF_FAILED',
      `The device at ${this.where} did not answer as ONVIF should (HTTP ${status}): ${detail}`,
      error,
    );
  }
}

/**
 * The package's device with another transport under it (`_requestPart2`, checked against 0.8.3), because its own has no limit
 * for size or whole time, waits for ever on a broken-off body, knows no Basic, hashes a password that is not ASCII wrongly,
 * and does not escape the user name.
 */
class Device extends Cam {
  last: SoapResponse = { status: 0, xml: '' };
  /** Set when there was no HTTP answer: then nothing else need be asked. */
  broken = false;
  /** Told of what the package throws where nothing of its own catches it. */
  giveUp: (error: unknown) => void = () => undefined;

  constructor(
    private readonly target: OnvifTarget,
    private readonly http: SoapHttpClient,
  ) {
    super({
      hostname: target.address,
      port: target.port,
      autoconnect: false,
      useWSSecurity: false,
      preserveAddress: true,
    });
  }

  _requestPart2(options: DeviceRequest, callback: Callback): void {
    const service = options.service;
    const path = service === undefined ? undefined : (this.uri?.[service]?.path ?? undefined);
    this.http
      .post({ path, action: options.action ?? '', body: this.signed(options.body) })
      .then(
        (response) => {
          this.last = response;
          utils.parseSOAPString(withoutNamespaces(response.xml), callback, response.status);
        },
        (error: Error) => {
          this.broken = true;
          callback(error);
        },
      )
      .catch((error: unknown) => this.giveUp(error));
  }

  /** The package writes an empty SOAP header into every request but the first question for the time. */
  private signed(body: string): string {
    const { username, password } = this.target;
    if (!username) return body;
    const deviceMs = process.uptime() * 1000 + (this.timeShift ?? NaN);
    const createdAt = new Date(Number.isFinite(deviceMs) ? deviceMs : Date.now());
    return body.replace(
      '<s:Header></s:Header>',
      () => `<s:Header>${buildSecurityHeader(username, password ?? '', createdAt)}</s:Header>`,
    );
  }
}

/** The package's own pattern for this takes quadratic time on hostile input. */
function withoutNamespaces(xml: string): string {
  return xml.replace(/\sxmlns(?::[\w.-]+)?\s*=\s*(?:"[^"]*"|'[^']*')/g, '').replace(/xmlns/g, 'ns');
}

/** Trying on with a refused password may lock the account. */
function isWrongPassword(error: unknown): boolean {
  return error instanceof AppError && error.code === 'CAMERA.WRONG_PASSWORD';
}

function faultOf(xml: string): string {
  return /<[\w-]*:?Fault[\s>][^]{0,4000}/.exec(xml)?.[0] ?? '';
}

function readProfile(profile: CamProfile): OnvifProfile {
  const encoder = record(profile['videoEncoderConfiguration']);
  const resolution = record(encoder['resolution']);
  return {
    token: text(record(profile['$'])['token']) ?? '',
    name: text(profile.name) ?? '',
    codec: text(encoder['encoding']),
    width: positive(resolution['width']),
    height: positive(resolution['height']),
    fps: positive(record(encoder['rateControl'])['frameRateLimit']),
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value).slice(0, 255)
    : null;
}

function positive(value: unknown): number | null {
  return typeof value === 'number' && value > 0 && value <= 100_000 ? value : null;
}
