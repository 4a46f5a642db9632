import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { AddressPolicy } from './address-policy.service.js';
import { type OnvifProfile, readMediaUri, readProfiles } from './domain/onvif-answers.js';
import type { MediaService } from './domain/onvif-services.js';
import { OnvifConversation, type OnvifTarget } from './onvif-conversation.client.js';
import { findMediaServices, mustBeLetIn, readClock } from './onvif-device.client.js';
import type { OnvifReply } from './onvif-reply.js';
import { escapeXml } from './soap-http.client.js';

export type { OnvifProfile, OnvifTarget };

const SCHEMA = 'http://www.onvif.org/ver10/schema';

/** Talks to ONVIF devices (https://www.onvif.org/profiles/specifications/), as far as it takes to find their streams. */
@Injectable()
export class OnvifClient {
  constructor(
    private readonly config: AppConfig,
    private readonly policy: AddressPolicy,
  ) {}

  /**
   * Reads the device's clock and its services. The conversation as a whole, with all calls of the session, has `timeoutMs`.
   * @throws AppError `CAMERA.UNREACHABLE`, `CAMERA.WRONG_PASSWORD`, `CAMERA.ONVIF_FAILED`
   */
  async connect(target: OnvifTarget, timeoutMs = this.config.cameras.connectTimeoutMs): Promise<OnvifSession> {
    const conversation = new OnvifConversation(target, this.policy, timeoutMs);
    // The clock is only needed to sign with.
    if (target.username !== undefined) await readClock(conversation);
    return new OnvifSession(conversation, await findMediaServices(conversation));
  }
}

export class OnvifSession {
  constructor(
    private readonly conversation: OnvifConversation,
    /** The one to be asked first stands first. */
    private media: MediaService[],
  ) {}

  /**
   * What the device offers, by Media2 or, where that does not serve or tells of no video, by Media.
   * @throws AppError `CAMERA.WRONG_PASSWORD`, `CAMERA.ONVIF_FAILED`, `CAMERA.UNREACHABLE`
   */
  async getProfiles(): Promise<OnvifProfile[]> {
    let found: OnvifProfile[] | undefined;
    const failures: AppError[] = [];
    for (const service of this.media) {
      const reply = await this.ask(service, 'GetProfiles', service.version === 2 ? '<Type>All</Type>' : '');
      if (reply instanceof AppError) {
        failures.push(reply);
        continue;
      }
      const profiles = readProfiles(reply.response);
      if (found !== undefined && !hasVideo(profiles)) continue;
      found = profiles;
      // The service that knows the profiles is the one to ask for their streams.
      this.media = [service, ...this.media.filter((other) => other !== service)];
      if (hasVideo(profiles)) break;
    }
    if (found === undefined && failures[0]) throw failures[0];
    return found ?? [];
  }

  /**
   * The address of the profile's stream for RTP over RTSP over TCP, as the device spells it: its host is the device's choice.
   * @throws AppError `CAMERA.NO_SUCH_PROFILE` and those of `getProfiles`
   */
  async getStreamUri(profileToken: string): Promise<string> {
    const token = `<ProfileToken>${escapeXml(profileToken)}</ProfileToken>`;
    return this.askUri('GetStreamUri', {
      1:
        `<StreamSetup><Stream xmlns="${SCHEMA}">RTP-Unicast</Stream>` +
        `<Transport xmlns="${SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>${token}`,
      2: `<Protocol>RTSP</Protocol>${token}`,
    });
  }

  /** The address of a still picture; errors as `getStreamUri`. */
  async getSnapshotUri(profileToken: string): Promise<string> {
    const token = `<ProfileToken>${escapeXml(profileToken)}</ProfileToken>`;
    return this.askUri('GetSnapshotUri', { 1: token, 2: token });
  }

  /** Of several services that fail the first is named. */
  private async askUri(name: string, parameters: Record<MediaService['version'], string>): Promise<string> {
    const failures: AppError[] = [];
    for (const service of this.media) {
      const reply = await this.ask(service, name, parameters[service.version]);
      const uri = reply instanceof AppError ? undefined : readMediaUri(reply.response);
      if (uri !== undefined) return uri;
      failures.push(reply instanceof AppError ? reply : this.withoutAddress());
    }
    throw failures[0] ?? this.withoutAddress();
  }

  private async ask(service: MediaService, name: string, parameters: string): Promise<OnvifReply> {
    const namespace = `http://www.onvif.org/ver${service.version}0/media/wsdl`;
    return mustBeLetIn(await this.conversation.askService(service.address, { namespace, name, parameters }));
  }

  private withoutAddress(): AppError {
    const message = `The device at ${this.conversation.where} answered without a stream address.`;
    return new AppError({ code: 'CAMERA.ONVIF_FAILED', message });
  }
}

function hasVideo(profiles: OnvifProfile[]): boolean {
  return profiles.some(({ codec }) => codec !== null);
}
