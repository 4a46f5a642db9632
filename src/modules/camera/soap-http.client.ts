import { randomBytes, createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { AppError } from '../../common/errors.js';
import { ANSWER_LIMITS } from './domain/answer-limits.js';
import { unreachable } from './domain/unreachable.js';
import { formatHost } from './domain/host.js';
import { findXmlExcess } from './domain/xml-size.js';
import { authorize, parseChallenges } from './http-auth.js';

const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';

export interface SoapLogin {
  username?: string;
  /** Left out: an empty one. */
  password?: string;
}

/** Where a service is asked. */
export interface SoapEndpoint {
  /** Checked IP address, without brackets. */
  address: string;
  port: number;
  /** As it stands in the request line. */
  path: string;
}

export interface SoapRequest {
  action: string;
  body: string;
}

export interface SoapResponse {
  status: number;
  xml: string;
  /** The `Date` header. */
  date: string | undefined;
}

/** Sends SOAP over HTTP: bounded in time and size, no redirects, HTTP Digest or Basic when the device asks for it. */
export class SoapHttpClient {
  private readonly deadline: AbortSignal;

  /** @param timeoutMs for the whole conversation, not for each request */
  constructor(
    private readonly login: SoapLogin,
    private readonly timeoutMs: number,
  ) {
    this.deadline = AbortSignal.timeout(timeoutMs);
  }

  /**
   * @param connectTimeoutMs for an address that may be of no use, so that it does not take the time of the others
   * @throws AppError `CAMERA.UNREACHABLE`, `CAMERA.ONVIF_FAILED`
   */
  async post(endpoint: SoapEndpoint, soap: SoapRequest, connectTimeoutMs?: number): Promise<SoapResponse> {
    const first = await this.exchange(endpoint, soap, { connectTimeoutMs });
    const { username, password = '' } = this.login;
    if (first.status !== 401 || username === undefined) return first;
    const challenges = parseChallenges(first.challenges);
    const authorization = authorize({ challenges, method: 'POST', uri: endpoint.path, username, password });
    return authorization ? this.exchange(endpoint, soap, { connectTimeoutMs, authorization }) : first;
  }

  private exchange(
    { address, port, path }: SoapEndpoint,
    soap: SoapRequest,
    { authorization, connectTimeoutMs }: { authorization?: string; connectTimeoutMs: number | undefined },
  ): Promise<SoapResponse & { challenges: string[] }> {
    return new Promise((resolve, reject) => {
      let connected = false;
      const fail = (error: Error) => reject(this.translate(error, `${formatHost(address)}:${port}`, connected));
      const outgoing = request(
        {
          host: address,
          port,
          path,
          method: 'POST',
          agent: false,
          signal: this.deadline,
          headers: {
            'Content-Type': `application/soap+xml; charset=utf-8; action="${soap.action}"`,
            'Content-Length': Buffer.byteLength(soap.body),
            ...(authorization ? { Authorization: authorization } : {}),
          },
        },
        (response) => {
          readBody(response).then((xml) => resolve(toResponse(response, xml)), fail);
        },
      );
      const timer =
        connectTimeoutMs === undefined
          ? undefined
          : setTimeout(() => outgoing.destroy(new Error('timed out')), connectTimeoutMs);
      outgoing.on('socket', (socket) =>
        socket.once('connect', () => {
          connected = true;
          clearTimeout(timer);
        }),
      );
      outgoing.on('close', () => clearTimeout(timer));
      outgoing.on('error', fail);
      // As bytes: with a text Node writes the header in its encoding too, and what `authorize` gives is Latin-1.
      outgoing.end(Buffer.from(soap.body, 'utf8'));
    });
  }

  private translate(error: Error, where: string, connected: boolean): Error {
    if (!connected) return unreachable(where, this.deadline.aborted ? new Error('timed out', { cause: error }) : error);
    const what = this.deadline.aborted
      ? `did not answer ONVIF within ${this.timeoutMs} ms.`
      : `answered, but not as ONVIF should (${error.message}): check the port.`;
    return new AppError({ code: 'CAMERA.ONVIF_FAILED', values: { where, fault: what }, cause: error });
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

function toResponse(response: IncomingMessage, xml: string): SoapResponse & { challenges: string[] } {
  const { statusCode = 0, headers, headersDistinct } = response;
  return { status: statusCode, xml, date: headers.date, challenges: headersDistinct['www-authenticate'] ?? [] };
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
