import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { digestIsRight } from './fake-rtsp.js';
import { listen, type TestServer } from './servers.js';

export interface FakeOnvifOptions {
  auth?: 'none' | 'wsse' | 'digest' | 'basic';
  username?: string;
  password?: string;
  clockSkewMs?: number;
  /** `host` that the service addresses name, as the device sees itself. */
  xaddrHost?: string;
  media2?: 'none' | 'works' | 'broken';
  /** Without it, only GetCapabilities knows the media service. */
  getServices?: boolean;
  streamUri?: (token: string) => string;
  /** Of HTTP Digest, one character for each byte. */
  realm?: string;
  /** Leave the `Date` header out, or send this one. */
  dateHeader?: string | false;
  /** Address to listen on. */
  host?: string;
  /** What stands in the body of the answer to an action, instead of the usual; `at` is the base of its own addresses. */
  replies?: Record<string, (at: string, request: { body: string; url: string }) => string>;
  /** Answers instead of the device when it returns true. */
  fault?: (action: string, response: ServerResponse, request: IncomingMessage, body: string) => boolean;
}

export interface FakeOnvif extends TestServer {
  actions: string[];
  /** How many requests had a WS-Security header. */
  signed(): number;
}

const envelope = (body: string) =>
  `<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;

export const soapFault = (subcode: string, reason: string) =>
  envelope(
    `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>${subcode}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${reason}</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`,
  );

/** Its profiles: token, name, encoding, width, height; the first has no video. */
const PROFILES = [
  ['meta&amp;1', 'metadata only', '', 0, 0],
  ['Main "1"', 'mainStream', 'H264', 1920, 1080],
  ['2', 'subStream', 'JPEG', 640, 360],
] as const;

/** An ONVIF device with the habits that devices have. */
export async function startFakeOnvif(options: FakeOnvifOptions = {}): Promise<FakeOnvif> {
  const actions: string[] = [];
  let signed = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const action = /<s:Body[^>]*><(\w+)/.exec(body)?.[1] ?? '';
      actions.push(action);
      if (body.includes('<Security')) signed += 1;
      if (options.fault?.(action, response, request, body)) return;
      answer(action, body, request, response);
    });
  });
  const { port, stop } = await listen(server, options.host);

  function answer(action: string, body: string, request: IncomingMessage, response: ServerResponse): void {
    const refused = action === 'GetSystemDateAndTime' ? undefined : refusal(body, request);
    if (refused) {
      refused.forEach(([name, value]) => response.setHeader(name, value));
      response
        .writeHead(options.auth === 'wsse' ? 400 : 401)
        .end(Buffer.from(options.auth === 'wsse' ? soapFault('ter:NotAuthorized', 'Sender not Authorized') : 'no'));
      return;
    }
    const reply = options.replies?.[action];
    const at = `http://${options.xaddrHost ?? '127.0.0.1'}:${port}`;
    const [status, text] = reply
      ? [200, envelope(reply(at, { body, url: request.url ?? '' }))]
      : bodyOf(action, body, request.url ?? '');
    if (options.dateHeader === false) response.sendDate = false;
    else if (options.dateHeader !== undefined) response.setHeader('Date', options.dateHeader);
    response.writeHead(status, { 'Content-Type': 'application/soap+xml' }).end(text);
  }

  function refusal(body: string, request: IncomingMessage): [string, string][] | undefined {
    const { auth = 'none', username = '', password = '' } = options;
    const header = request.headers.authorization ?? '';
    const digest = header.startsWith('Digest') && digestIsRight(header, 'POST', username, password, 'latin1');
    if (auth === 'digest' && !digest)
      return [
        ['WWW-Authenticate', `Digest realm="${options.realm ?? 'dev'}", nonce="abc", qop="auth", algorithm=SHA-256`],
      ];
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (auth === 'basic' && header !== basic) return [['WWW-Authenticate', 'Basic realm="dev"']];
    return auth === 'wsse' && !securityIsRight(body, username, password) ? [] : undefined;
  }

  function securityIsRight(body: string, username: string, password: string): boolean {
    const text = (name: string) => new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
    const unescape = (xml: string) =>
      xml
        .replace(/&lt;/g, '<')
        .replace(/&gt;/g, '>')
        .replace(/&quot;/g, '"')
        .replace(/&apos;/g, "'")
        .replace(/&amp;/g, '&');
    const nonce = Buffer.from(text('Nonce'), 'base64');
    const digest = createHash('sha1')
      .update(nonce)
      .update(text('Created'))
      .update(Buffer.from(password, 'utf8'))
      .digest('base64');
    const offMs = Math.abs(Date.parse(text('Created')) - (Date.now() + (options.clockSkewMs ?? 0)));
    return unescape(text('Username')) === username && text('Password') === digest && offMs < 5_000;
  }

  function bodyOf(action: string, body: string, url: string): [number, string] {
    const at = `http://${options.xaddrHost ?? '127.0.0.1'}:${port}`;
    const second = url === '/media2';
    const token = /<ProfileToken>([^<]*)</.exec(body)?.[1] ?? '';
    if (action === 'GetSystemDateAndTime')
      return [200, envelope(clock(new Date(Date.now() + (options.clockSkewMs ?? 0))))];
    if (action === 'GetServices' && options.getServices !== false)
      return [200, envelope(services(at, options.media2 ?? 'none'))];
    if (action === 'GetCapabilities') {
      return [
        200,
        envelope(
          `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>${at}/media</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`,
        ),
      ];
    }
    if (second && options.media2 === 'broken')
      return [500, soapFault('ter:ActionNotSupported', 'Optional Action Not Implemented')];
    if (action === 'GetProfiles') return [200, envelope(second ? profiles2() : profiles1())];
    if (action === 'GetStreamUri' || action === 'GetSnapshotUri') {
      if (!PROFILES.some(([known]) => known === token.replace(/&quot;/g, '"')))
        return [400, soapFault('ter:InvalidArgVal', 'Profile token does not exist')];
      const uri = options.streamUri?.(token) ?? `rtsp://127.0.0.1:8554/${token}?a=1&amp;b=2`;
      const answered = second ? `<tr2:Uri>${uri}</tr2:Uri>` : `<trt:MediaUri><tt:Uri>${uri}</tt:Uri></trt:MediaUri>`;
      return [200, envelope(`<trt:${action}Response>${answered}</trt:${action}Response>`)];
    }
    return [400, soapFault('ter:ActionNotSupported', 'Optional Action Not Implemented')];
  }

  return { port, stop, actions, signed: () => signed };
}

function clock(now: Date): string {
  const part = (name: string, value: number) => `<tt:${name}>${value}</tt:${name}>`;
  const time =
    part('Hour', now.getUTCHours()) + part('Minute', now.getUTCMinutes()) + part('Second', now.getUTCSeconds());
  const date =
    part('Year', now.getUTCFullYear()) + part('Month', now.getUTCMonth() + 1) + part('Day', now.getUTCDate());
  return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time>${time}</tt:Time><tt:Date>${date}</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
}

function services(at: string, media2: string): string {
  const service = (namespace: string, path: string) =>
    `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${at}${path}</tds:XAddr></tds:Service>`;
  const list = [
    service('http://www.onvif.org/ver10/device/wsdl', '/onvif/device_service'),
    service('http://www.onvif.org/ver10/media/wsdl', '/media'),
  ];
  if (media2 !== 'none') list.push(service('http://www.onvif.org/ver20/media/wsdl', '/media2'));
  return `<tds:GetServicesResponse>${list.join('')}</tds:GetServicesResponse>`;
}

const size = (width: number, height: number) =>
  `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>`;
const rate = '<tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl>';

function profiles1(): string {
  const one = ([token, name, encoding, width, height]: (typeof PROFILES)[number]) =>
    `<trt:Profiles token='${token}'><tt:Name>${name}</tt:Name>${encoding ? `<tt:VideoEncoderConfiguration token="e"><tt:Encoding>${encoding}</tt:Encoding>${size(width, height)}${rate}</tt:VideoEncoderConfiguration>` : ''}</trt:Profiles>`;
  return `<trt:GetProfilesResponse>${PROFILES.map(one).join('')}</trt:GetProfilesResponse>`;
}

function profiles2(): string {
  const one = ([token, name, encoding, width, height]: (typeof PROFILES)[number]) =>
    `<tr2:Profiles token='${token}'><tr2:Name>${name}</tr2:Name><tr2:Configurations>${encoding ? `<tr2:VideoEncoder token="e"><tt:Encoding>${encoding}</tt:Encoding>${size(width, height)}${rate}</tr2:VideoEncoder>` : '<tr2:Metadata token="m"/>'}</tr2:Configurations></tr2:Profiles>`;
  return `<tr2:GetProfilesResponse>${PROFILES.map(one).join('')}</tr2:GetProfilesResponse>`;
}
