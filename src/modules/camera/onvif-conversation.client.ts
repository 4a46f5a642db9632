import { AppError } from '../../common/errors.js';
import { Redactor } from '../../common/redaction.js';
import type { AddressPolicy } from './address-policy.service.js';
import { formatHost } from './domain/host.js';
import type { ServiceAddress } from './domain/onvif-services.js';
import { isRefusedSignature, type OnvifReply, readReply } from './onvif-reply.js';
import {
  buildSecurityHeader,
  type SoapEndpoint,
  SoapHttpClient,
  type SoapLogin,
  type SoapResponse,
} from './soap-http.client.js';

/** A device to talk to; `address` has passed the address policy. */
export interface OnvifTarget extends SoapLogin {
  /** Checked IP address, without brackets. */
  address: string;
  port: number;
}

export interface OnvifQuestion {
  /** Of the service: `http://www.onvif.org/ver10/media/wsdl`. */
  namespace: string;
  name: string;
  /** What stands inside the request's element. */
  parameters?: string;
  /** Without a WS-Security header, as the clock is asked. */
  unsigned?: boolean;
}

export const DEVICE_PATH = '/onvif/device_service';
const NOT_THE_SERVICE = new Set(['CAMERA.ONVIF_FAILED', 'CAMERA.UNREACHABLE']);
/** How long an address that the device names has to accept a connection; its own has the whole conversation's time. */
const CONNECT_ELSEWHERE_MS = 1_000;

/** Asks one device, as one user, within one deadline. */
export class OnvifConversation {
  readonly where: string;
  /** What the device's clock is ahead of this process's up-time; undefined: its clock is taken for ours. */
  clockShiftMs: number | undefined;
  private readonly http: SoapHttpClient;
  private takesSignatures = true;
  /** Where a service has answered, by what the device said of it. */
  private readonly proven = new Map<ServiceAddress | null, SoapEndpoint>();
  /** For what the device says: it knows no secret but its own. */
  private readonly ownSecrets = new Redactor();

  constructor(
    private readonly target: OnvifTarget,
    private readonly policy: AddressPolicy,
    timeoutMs: number,
  ) {
    this.where = `${formatHost(target.address)}:${target.port}`;
    this.http = new SoapHttpClient(target, timeoutMs);
    this.ownSecrets.add(target.password, target.username);
  }

  /**
   * Asks the device service.
   * @throws AppError `CAMERA.UNREACHABLE`, `CAMERA.ONVIF_FAILED` when there was no answer at all
   */
  async askDevice(question: OnvifQuestion): Promise<OnvifReply> {
    return this.askAt({ ...this.target, path: DEVICE_PATH }, question);
  }

  /**
   * Asks a service whose address the device told. Behind NAT a device names an address of its own network, so its path is tried at the
   * device's own host and port first. Where that is no service, the port that it names is tried at its own host, then the host that it
   * names, if the address policy allows it.
   * @throws AppError as `askDevice`, for the device's own host and port
   */
  async askService(service: ServiceAddress | null, question: OnvifQuestion): Promise<OnvifReply> {
    const known = this.proven.get(service);
    if (known) return this.askAt(known, question);
    const own = { ...this.target, path: service?.path ?? DEVICE_PATH };
    const reply = await this.askAt(own, question);
    this.proven.set(service, own);
    if (isFromService(reply)) return reply;
    for await (const endpoint of this.namedEndpoints(service)) {
      const other = await this.askAt(endpoint, question, CONNECT_ELSEWHERE_MS).catch(asReply);
      if (!isFromService(other)) continue;
      this.proven.set(service, endpoint);
      return other;
    }
    return reply;
  }

  /** Where else than at its own host and port the service may be. */
  private async *namedEndpoints(service: ServiceAddress | null): AsyncGenerator<SoapEndpoint> {
    if (!service?.at) return;
    const { path, at } = service;
    const { address, port } = this.target;
    if (at.port !== port) yield { address, port: at.port, path };
    const named = await this.policy.resolve(at.host).catch(asReply);
    if (typeof named === 'string' && named !== address) yield { address: named, port: at.port, path };
  }

  /**
   * Some devices know HTTP Digest alone: they do not answer 401 to a signed question, with a challenge, but refuse the signature. They
   * are asked without one; only if that brings a challenge is the password sent a second time.
   */
  private async askAt(endpoint: SoapEndpoint, question: OnvifQuestion, connectTimeoutMs?: number): Promise<OnvifReply> {
    const send = (asked: OnvifQuestion) => {
      const request = { action: `${asked.namespace}/${asked.name}`, body: this.bodyOf(asked) };
      return this.http.post(endpoint, request, connectTimeoutMs);
    };
    const response = await send(question);
    const reply = this.read(question.name, response);
    if (!this.isSigned(question) || !isRefusedSignature(reply, response)) return reply;
    const unsigned = this.read(question.name, await send({ ...question, unsigned: true }));
    if (unsigned instanceof AppError) return reply;
    this.takesSignatures = false;
    return unsigned;
  }

  private isSigned({ unsigned = false }: OnvifQuestion): boolean {
    return this.target.username !== undefined && this.takesSignatures && !unsigned;
  }

  private bodyOf(question: OnvifQuestion): string {
    const { namespace, name, parameters = '' } = question;
    const { username = '', password = '' } = this.target;
    const deviceMs = this.clockShiftMs === undefined ? Date.now() : process.uptime() * 1_000 + this.clockShiftMs;
    const header = this.isSigned(question)
      ? `<s:Header>${buildSecurityHeader(username, password, new Date(deviceMs))}</s:Header>`
      : '';
    return (
      `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">${header}` +
      '<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
      `<${name} xmlns="${namespace}">${parameters}</${name}></s:Body></s:Envelope>`
    );
  }

  private read(name: string, response: SoapResponse): OnvifReply {
    return readReply(name, response, { where: this.where, login: this.target, ownSecrets: this.ownSecrets });
  }
}

/** Whether it was the service that answered, be it with a refusal; else the service may be somewhere else. */
function isFromService(reply: OnvifReply): boolean {
  return !(reply instanceof AppError) || !NOT_THE_SERVICE.has(reply.code);
}

function asReply(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}
