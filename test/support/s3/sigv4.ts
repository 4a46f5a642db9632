import { createHash, createHmac } from 'node:crypto';
import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

interface Signed {
  credential: string;
  signedHeaders: string;
  signature: string;
  amzDate: string;
  payloadHash: string;
}

const MAX_SKEW_MS = 15 * 60_000;

/**
 * Refuses a request whose AWS signature version 4, in its headers or its query, is not that of these credentials.
 * s3rver does not look at such signatures at all.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function checkSignature(
  request: S3Request,
  { region, ...credentials }: Credentials & { region: string },
  nowMs: number,
): void {
  const fromQuery = request.query.has('X-Amz-Signature');
  const signed = fromQuery ? readQuery(request) : readHeader(request);
  const [accessKeyId, ...scope] = signed.credential.split('/');
  if (accessKeyId !== credentials.accessKeyId) throw new S3Error(403, 'InvalidAccessKeyId', 'No such access key.');
  const signedAtMs = parseAmzDate(signed.amzDate);
  if (fromQuery) checkExpiry(request, signedAtMs, nowMs);
  else if (!(Math.abs(nowMs - signedAtMs) < MAX_SKEW_MS)) {
    throw new S3Error(403, 'RequestTimeTooSkewed', 'The request time differs too much from the current time.');
  }
  if (scope[1] !== region) {
    const message = `The authorization header is malformed; the region '${scope[1]}' is wrong; expecting '${region}'`;
    throw new S3Error(400, 'AuthorizationHeaderMalformed', message, { Region: region });
  }
  const text = ['AWS4-HMAC-SHA256', signed.amzDate, scope.join('/'), sha256(canonicalRequest(request, signed))].join(
    '\n',
  );
  if (signatureOf(text, scope, credentials.secretAccessKey) !== signed.signature) {
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature is not the one of this request and this key.');
  }
}

/** Refuses a body that is not the one that was signed, or that its `Content-MD5` describes. */
export function checkBody({ headers, body }: S3Request): void {
  const signedHash = headers['x-amz-content-sha256'];
  if (typeof signedHash === 'string' && /^[0-9a-f]{64}$/.test(signedHash) && signedHash !== sha256(body)) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'The body is not the one that was signed.');
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 is not that of the body.');
  }
}

function readHeader({ headers }: S3Request): Signed {
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
    headers.authorization ?? '',
  );
  if (!match) throw new S3Error(403, 'AccessDenied', 'The request is not signed.');
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return {
    credential,
    signedHeaders,
    signature,
    amzDate: String(headers['x-amz-date'] ?? ''),
    payloadHash: String(headers['x-amz-content-sha256'] ?? ''),
  };
}

function readQuery({ query }: S3Request): Signed {
  const read = (name: string): string => query.get(name) ?? '';
  return {
    credential: read('X-Amz-Credential'),
    signedHeaders: read('X-Amz-SignedHeaders'),
    signature: read('X-Amz-Signature'),
    amzDate: read('X-Amz-Date'),
    payloadHash: query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  };
}

function checkExpiry({ query }: S3Request, signedAtMs: number, nowMs: number): void {
  const expiresSec = Number(query.get('X-Amz-Expires'));
  if (!(expiresSec >= 1 && expiresSec <= 604_800)) {
    throw new S3Error(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be 1 to 604800.');
  }
  if (nowMs > signedAtMs + expiresSec * 1_000) throw new S3Error(403, 'AccessDenied', 'Request has expired');
}

function canonicalRequest(request: S3Request, { signedHeaders, payloadHash }: Signed): string {
  const [path = '/'] = request.url.split('?');
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = signedHeaders.split(';').map((name) => {
    const value = String(request.headers[name] ?? '');
    return `${name}:${value.trim().replace(/ +/g, ' ')}\n`;
  });
  return [request.method, path, query, headers.join(''), signedHeaders, payloadHash].join('\n');
}

function signatureOf(text: string, [day = '', region = '', service = '', end = '']: string[], secret: string): string {
  const key = [day, region, service, end].reduce<string | Buffer>(
    (previous, part) => hmac(previous, part),
    `AWS4${secret}`,
  );
  return hmac(key, text).toString('hex');
}

function parseAmzDate(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
