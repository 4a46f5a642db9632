import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthGate } from '../auth.js';
import { ListeningPort } from '../listening-port.js';
import type { OnvifAction, OnvifDevice, OnvifRequest } from './device.js';
import { DEVICE_PATH, MEDIA2_PATH, MEDIA_PATH, SNAPSHOT_PATH } from './device.js';
import { DEVICE_ACTIONS, OPEN_ACTIONS } from './device-service.js';
import { MEDIA_ACTIONS } from './media-service.js';
import { MEDIA2_ACTIONS } from './media2-service.js';
import type { OnvifRole } from './services.js';
import { fromWire, readBody, toWire } from './http-text.js';
import { hasService } from './services.js';
import { SoapFault, envelope, faultEnvelope, findAction, findText } from './soap.js';
import { spoilAnswer } from './spoil.js';
import type { WsSecurity } from './ws-security.js';

const SERVICES: Record<string, { namespace: string; actions: Record<string, OnvifAction> }> = {
  [DEVICE_PATH]: { namespace: 'http://www.onvif.org/ver10/device/wsdl', actions: DEVICE_ACTIONS },
  [MEDIA_PATH]: { namespace: 'http://www.onvif.org/ver10/media/wsdl', actions: MEDIA_ACTIONS },
  [MEDIA2_PATH]: { namespace: 'http://www.onvif.org/ver20/media/wsdl', actions: MEDIA2_ACTIONS },
};

export interface OnvifAuth {
  /** HTTP Digest, also for snapshots. */
  http: AuthGate;
  /** Undefined: everybody may call everything. */
  soap: WsSecurity | undefined;
}

/** ONVIF services and snapshots of one camera over HTTP. */
export class OnvifServer {
  private readonly server: Server;
  readonly port: ListeningPort;

  constructor(
    private readonly device: OnvifDevice,
    private readonly auth: OnvifAuth,
    host: string,
    private readonly role: OnvifRole = 'all',
  ) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
    this.port = new ListeningPort(this.server, host);
  }

  /** Closes the port and all connections. */
  async stop(): Promise<void> {
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    await this.port.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { onvifDelayMs } = this.device.faults;
    // A camera that is stopped meanwhile has closed the connection; the timer need not hold the process.
    if (onvifDelayMs > 0) await sleep(onvifDelayMs, undefined, { ref: false });
    const path = (request.url ?? '').replace(/\?.*$/, '');
    if (request.method === 'GET' && path.startsWith(SNAPSHOT_PATH)) return this.sendSnapshot(path, request, response);
    const service = SERVICES[path];
    if (!service || !hasService(this.device, path, this.role)) return void response.writeHead(404).end();
    if (request.method !== 'POST') return void response.writeHead(405, { Allow: 'POST' }).end();
    const xml = await readBody(request);
    if (xml === undefined) return void response.writeHead(413, { Connection: 'close' }).end();
    try {
      this.sendSoap(response, 200, envelope(this.perform(service, request, xml)));
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      this.sendSoap(response, error.httpStatus, faultEnvelope(error));
    }
  }

  private perform(service: (typeof SERVICES)[string], request: IncomingMessage, xml: string): string {
    const action = findAction(xml);
    if (!action) throw new SoapFault(['WellFormed'], 'Not a SOAP request');
    const isOpen = this.device.strictAuth ? action.name === 'GetSystemDateAndTime' : OPEN_ACTIONS.has(action.name);
    if (!isOpen) this.checkCredentials(request, xml);
    const perform = Object.hasOwn(service.actions, action.name) ? service.actions[action.name] : undefined;
    if (!perform || action.namespace !== service.namespace) {
      throw new SoapFault(['ActionNotSupported'], `Optional Action Not Implemented: ${action.name}`, 500);
    }
    return perform(this.device, requestContext(request, xml));
  }

  /** No credentials: 401 with a Digest challenge; a wrong token: 400 (ONVIF Core Specification, 5.9.1). */
  private checkCredentials(request: IncomingMessage, xml: string): void {
    if (this.isAllowed(request, xml)) return;
    const hasToken = findText(xml, 'Username') !== undefined;
    throw new SoapFault(['NotAuthorized'], 'Sender not Authorized', hasToken ? 400 : 401);
  }

  private isAllowed(request: IncomingMessage, xml: string): boolean {
    if (this.device.faults.onvifUnauthorized) return false;
    const { onvifLogin } = this.device.oddities;
    const token = onvifLogin === 'digest' && this.auth.soap ? 'missing' : (this.auth.soap?.check(xml) ?? 'ok');
    if (token !== 'missing') return token === 'ok';
    return onvifLogin !== 'token' && this.checkHttp(request, 'POST');
  }

  private checkHttp(request: IncomingMessage, method: string): boolean {
    return this.auth.http.check(fromWire(request.headers.authorization), method) === 'ok';
  }

  private challenge(): Record<string, string[]> {
    const isLatin1 = this.device.oddities.realmCharset === 'latin-1';
    return { 'WWW-Authenticate': this.auth.http.challenges().map((text) => (isLatin1 ? text : toWire(text))) };
  }

  private sendSoap(response: ServerResponse, status: number, xml: string): void {
    const challenge = status === 401 && this.device.oddities.onvifLogin !== 'token' ? this.challenge() : {};
    const { onvifMalformed } = this.device.faults;
    if (onvifMalformed) {
      const { contentType, body } = spoilAnswer(onvifMalformed, xml);
      return void response.writeHead(200, { 'Content-Type': contentType }).end(body);
    }
    response.writeHead(status, { 'Content-Type': 'application/soap+xml; charset=utf-8', ...challenge }).end(xml);
  }

  private sendSnapshot(path: string, request: IncomingMessage, response: ServerResponse): void {
    const clip = this.device.streams.get(path.slice(SNAPSHOT_PATH.length).replace(/\.jpg$/, ''));
    const { onvifUnauthorized } = this.device.faults;
    if (onvifUnauthorized || !this.checkHttp(request, 'GET')) {
      return void response.writeHead(401, this.challenge()).end();
    }
    if (!clip) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': clip.snapshot.length });
    response.end(clip.snapshot);
  }
}

function requestContext(request: IncomingMessage, xml: string): OnvifRequest {
  const address = request.socket.localAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1';
  const localHost = address.includes(':') ? `[${address}]` : address;
  return { xml, localHost, httpBase: `http://${localHost}:${request.socket.localPort}` };
}
