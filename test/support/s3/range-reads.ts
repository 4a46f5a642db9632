import { buffer } from 'node:stream/consumers';
import { endToEnd, type FrontAnswer } from './front-answer.js';
import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';
import type { S3rverBackend } from './s3rver-backend.js';

/** GET and HEAD of an object. s3rver misreads `bytes=0-0` and `bytes=-n` and does not know `If-Match`, so that is done here. */
export async function readObject(
  backend: S3rverBackend,
  request: S3Request,
  etag: string | undefined,
): Promise<FrontAnswer> {
  const { range: rangeHeader, 'if-match': ifMatch, ...headers } = request.headers;
  const whole = { ...request, headers };
  const head = await backend.send({ ...whole, method: 'HEAD' });
  head.stream.resume();
  const own = etag === undefined ? {} : { etag };
  if (head.status === 200) {
    if (ifMatch !== undefined && ifMatch !== (etag ?? head.headers.etag)) {
      throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.');
    }
    const range = parse(rangeHeader, Number(head.headers['content-length']));
    if (range && request.method === 'GET') return readRange(backend, whole, range, own);
  }
  const answer = await backend.send(whole);
  return { status: answer.status, headers: { ...endToEnd(answer.headers), ...own }, body: answer.stream };
}

interface Range {
  start: number;
  end: number;
  sizeBytes: number;
}

async function readRange(
  backend: S3rverBackend,
  whole: S3Request,
  { start, end, sizeBytes }: Range,
  own: { etag?: string },
): Promise<FrontAnswer> {
  // s3rver takes an end of 0 for no end.
  const asked = `bytes=${start}-${end === 0 ? 1 : end}`;
  const { status, headers, stream } = await backend.send({ ...whole, headers: { ...whole.headers, range: asked } });
  if (status !== 206) return { status, headers: endToEnd(headers), body: stream };
  const exact = {
    ...endToEnd(headers),
    ...own,
    'content-range': `bytes ${start}-${end}/${sizeBytes}`,
    'content-length': String(end - start + 1),
  };
  return { status, headers: exact, body: end === 0 ? (await buffer(stream)).subarray(0, 1) : stream };
}

function parse(header: string | undefined, sizeBytes: number): Range | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [, first, last] = match;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start >= sizeBytes || end < start)
    throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable');
  return { start, end, sizeBytes };
}
