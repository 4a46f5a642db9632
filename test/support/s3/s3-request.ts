import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export type S3Operation =
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'ListMultipartUploads'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'Other';

export interface S3Request {
  operation: S3Operation;
  method: string;
  /** Path and query as they came. */
  url: string;
  headers: IncomingHttpHeaders;
  bucket: string;
  key: string;
  query: URLSearchParams;
  body: Buffer;
  /** A fault: the store is to keep other bytes than these. */
  storeDamaged?: boolean;
}

/** The same bytes but for the first one. */
export function damaged(body: Buffer): Buffer {
  const other = Buffer.from(body);
  if (other.length > 0) other[0] = (other[0] ?? 0) ^ 0xff;
  return other;
}

/** Reads what a path-style S3 request asks for; its body comes later. */
export function parseRequest(incoming: IncomingMessage, pathPrefix = ''): S3Request {
  const url = `${pathPrefix}${incoming.url ?? '/'}`;
  const { pathname, searchParams: query } = new URL(url, 'http://s3');
  const [, bucket = '', ...rest] = pathname.split('/').map(decodeURIComponent);
  const method = incoming.method ?? 'GET';
  const key = rest.join('/');
  const operation = operationOf(method, key, query, incoming.headers);
  return { operation, method, url, headers: incoming.headers, bucket, key, query, body: Buffer.alloc(0) };
}

function operationOf(method: string, key: string, query: URLSearchParams, headers: IncomingHttpHeaders): S3Operation {
  if (key === '') return bucketOperationOf(method, query);
  const multipart = query.has('uploadId');
  switch (method) {
    case 'PUT':
      if (!multipart) return 'PutObject';
      return headers['x-amz-copy-source'] === undefined ? 'UploadPart' : 'UploadPartCopy';
    case 'GET':
      return multipart ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'DELETE':
      return multipart ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      if (multipart) return 'CompleteMultipartUpload';
      return query.has('uploads') ? 'CreateMultipartUpload' : 'Other';
    default:
      return 'Other';
  }
}

function bucketOperationOf(method: string, query: URLSearchParams): S3Operation {
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects';
  if (method !== 'GET') return 'Other';
  if (query.has('uploads')) return 'ListMultipartUploads';
  return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
}
