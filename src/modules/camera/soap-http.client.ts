import { randomBytes, createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { ANSWER_LIMITS } from './domain/answer-limits.js';
import { cameraError, unreachable } from './domain/camera-errors.js';
import { formatHost } from './domain/host.js';
import { findXmlExcess } from './domain/xml-size.js';
import { authorize, parseChallenges } from './http-auth.js';

const DEFAULT_PATH = '/onvif/device_service';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';

export interface SoapPeer {
  /** Checked IP address, without brackets. */
  address: string;
  port: number;
  username?: string;
  password?: string;
}

export interface SoapRequest {
  path: string | undefined;
  action: string;
  body: string;
}

export interface SoapResponse {
  status: number;
  xml: string;
}

/** Sends SOAP over HTTP: bounded in time and size, no redirects, HTTP Digest or Basic when the device asks for it. */
export class SoapHttpClient {
  private readonly deadline: AbortSignal;
  private readonly where: string;

  /** @param timeoutMs for the whole conversation, not for each request */
  constructor(
    private readonly peer: SoapPeer,
    private readonly timeoutMs: number,
  ) {
    this.deadline = AbortSignal.timeout(timeoutMs);
    this.where = `${formatHost(peer.address)}:${peer.port}`;
  }

  /** @throws AppError `CAMERA.UNREACHABLE`, `CAMERA.ONVIF_FAILED` */
  async post(soap: SoapRequest): Promise<SoapResponse> {
    const path = pathOf(soap.path);
    const first = await this.exchange(path, soap);
    const { username, password = '' } = this.peer;
    if (first.status !== 401 || !username) return first;
    const challenges = parseChallenges(first.challenges);
    const authorization = authorize({ challenges, method: 'POST', uri: path, username, password });
    return authorization ? this.exchange(path, soap, authorization) : first;
  }

  private exchange(
    path: string,
    soap: SoapRequest,
    authorization?: string,
  ): Promise<SoapResponse & { challenges: string[] }> {
    return new Promise((resolve, reject) => {
      let connected = false;
      const fail = (error: Error) => reject(this.translate(error, connected));
      const outgoing = request(
        {
          host: this.peer.address,
          port: this.peer.port,
          path,
          method: 'POST',
          agent: false,
          signal: this.deadline,
          headers: {
            'Content-Type': `application/soap+xml; charset=utf-8; action="${soap.action.replace(/[^\x21-\x7e]|["\\]/g, '')}"`,
            'Content-Length': Buffer.byteLength(soap.body),
            ...(authorization ? { Authorization: authorization } : {}),
          },
        },
        (response) => {
          readBody(response).then(
            (xml) =>
              resolve({
                status: response.statusCode ?? 0,
                xml,
                challenges: response.headersDistinct['www-authenticate'] ?? [],
              }),
            fail,
          );
        },
      );
      outgoing.on('socket', (socket) => socket.once('connect', () => (connected = true)));
      outgoing.on('error', fail);
      outgoing.end(soap.body);
    });
  }

  private translate(error: Error, connected: boolean): Error {
    if (!connected)
      return unreachable(this.where, this.deadline.aborted ? new Error('timed out', { cause: error }) : error);
    const what = this.deadline.aborted
      ? `did not answer ONVIF within ${this.timeoutMs} ms.`
      : `answered, but not as ONVIF should (${error.message}): check the port.`;
    return cameraError('CAMERA.ONVIF_FAILED', `The device at ${this.where} ${what}`, error);
  }
}

/**
 * The WS-Security header with the password digest (OASIS UsernameToken Profile 1.0, section 3.1).
 * @param createdAt by the device's clock: devices refuse a time that is far from theirs
 */
export function buildSecurityHeader(username: string, password: string, createdAt: Date): string {
  const nonce = randomBytes(16);
  const created = createdAt.toISOString();
  const digest = createHash('sha1').update(nonce).update(created).update(password, 'utf8').digest('base64');
  return (
    `<Security s:mustUnderstand="1" xmlns="${WSSE}-wssecurity-secext-1.0.xsd"><UsernameToken>` +
    `<Username>${escapeXml(username)}</Username>` +
    `<Password Type="${WSSE}-username-token-profile-1.0#PasswordDigest">${digest}</Password>` +
    `<Nonce EncodingType="${WSSE}-soap-message-security-1.0#Base64Binary">${nonce.toString('base64')}</Nonce>` +
    `<Created xmlns="${WSSE}-wssecurity-utility-1.0.xsd">${created}</Created>` +
    '</UsernameToken></Security>'
  );
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  return text.replace(/[&<>"']/g, (c) => entities[c] ?? c);
}

/** The device chooses the path of its services: only a plain one is taken. */
function pathOf(path: string | undefined): string {
  return path && /^\/[\x21-\x7e]{0,500}$/.test(path) ? path : DEFAULT_PATH;
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_LIMITS.soapBytes) throw new Error(`its answer is longer than ${ANSWER_LIMITS.soapBytes} bytes`);
    chunks.push(chunk);
  }
  const xml = Buffer.concat(chunks).toString('utf8');
  const excess = findXmlExcess(xml);
  if (excess !== null) throw new Error(`its answer is refused: ${excess}`);
  return xml;
}
