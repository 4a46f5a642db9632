import { AppError } from '../../common/errors.js';
import { Redactor } from '../../common/redaction.js';
import type { AddressPolicy } from './address-policy.service.js';
import { cameraError } from './domain/camera-errors.js';
import { formatHost } from './domain/host.js';
import type { ServiceAddress } from './domain/onvif-services.js';
import { isRefusedLogin, isUnknownProfile, parseSoap } from './domain/soap.js';
import { find, type XmlElement } from './domain/xml.js';
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

/** The answer's element `<name>Response`, or what is wrong with the answer. */
export type OnvifReply = { response: XmlElement; date: string | undefined } | AppError;

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

  private async askAt(endpoint: SoapEndpoint, question: OnvifQuestion, connectTimeoutMs?: number): Promise<OnvifReply> {
    const { namespace, name } = question;
    const request = { action: `${namespace}/${name}`, body: this.bodyOf(question) };
    return this.read(name, await this.http.post(endpoint, request, connectTimeoutMs));
  }

  private bodyOf({ namespace, name, parameters = '', unsigned = false }: OnvifQuestion): string {
    const { username, password = '' } = this.target;
    const deviceMs = this.clockShiftMs === undefined ? Date.now() : process.uptime() * 1_000 + this.clockShiftMs;
    const signed = username !== undefined && !unsigned;
    const header = signed ? `<s:Header>${buildSecurityHeader(username, password, new Date(deviceMs))}</s:Header>` : '';
    return (
      `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">${header}` +
      '<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
      `<${name} xmlns="${namespace}">${parameters}</${name}></s:Body></s:Envelope>`
    );
  }

  private read(name: string, { status, xml, date }: SoapResponse): OnvifReply {
    const answer = parseSoap(xml);
    const response = answer?.kind === 'answer' ? find(answer.body, `${name}Response`.toLowerCase()) : undefined;
    if (response) return { response, date };
    const fault = answer?.kind === 'fault' ? answer : undefined;
    if (status === 401 || status === 403 || (fault && isRefusedLogin(fault))) return this.refusedLogin();
    if (fault && isUnknownProfile(fault)) {
      const message = `The device at ${this.where} has no profile with this token: choose one that it offers.`;
      return cameraError('CAMERA.NO_SUCH_PROFILE', message);
    }
    return cameraError('CAMERA.ONVIF_FAILED', `The device at ${this.where} ${this.lackOf(name, status, answer)}`);
  }

  private lackOf(name: string, status: number, answer: ReturnType<typeof parseSoap>): string {
    if (!answer) return `answered, but not with ONVIF (HTTP ${status}): check the port.`;
    if (answer.kind === 'answer')
      return `left ${name}Response out of its answer to ${name} (HTTP ${status}): update its firmware, or give the camera an rtspUrl.`;
    const said = this.ownSecrets
      .redact(answer.text || answer.codes.join(' '))
      .replace(/\s+/g, ' ')
      .slice(0, 150);
    return `refused ${name} (HTTP ${status}): ${said || 'it gave no reason'}`;
  }

  private refusedLogin(): AppError {
    const message =
      this.target.username !== undefined
        ? `The device at ${this.where} refuses the user name or password.`
        : `The device at ${this.where} asks for a user name and password, and none is stored.`;
    return cameraError('CAMERA.WRONG_PASSWORD', message);
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
