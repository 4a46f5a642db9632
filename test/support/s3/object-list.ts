import { limitOf } from './multipart-lists.js';
import { S3Error, tag, xmlDocument } from './s3-error.js';

export interface ListedFile {
  key: string;
  sizeBytes: number;
  etag: string;
  lastModified: Date;
}

export interface ListPage {
  keys: string[];
  /** Where the next page begins, if there is one. */
  nextToken: string | null;
}

/** Not done here, and no reason to guess at an answer. */
const UNKNOWN = ['delimiter', 'encoding-type', 'fetch-owner'];
const TOKEN = 'after:';

/**
 * Which of all keys a ListObjectsV2 answers: in the order of their bytes, which is none that s3rver or a file system keeps to.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function pageOf(allKeys: readonly string[], query: URLSearchParams, pageSize: number): ListPage {
  const unknown = UNKNOWN.find((name) => query.has(name));
  if (unknown !== undefined) throw new S3Error(501, 'NotImplemented', `The parameter ${unknown} is not implemented.`);
  const max = limitOf(query, 'max-keys', pageSize);
  const prefix = Buffer.from(query.get('prefix') ?? '');
  const token = query.get('continuation-token');
  const after = Buffer.from(token === null ? (query.get('start-after') ?? '') : keyOf(token));
  const keys = allKeys.map((key) => Buffer.from(key)).sort((a, b) => Buffer.compare(a, b));
  const rest = keys.filter(
    (key) => key.subarray(0, prefix.length).equals(prefix) && (after.length === 0 || Buffer.compare(key, after) > 0),
  );
  const page = rest.slice(0, max).map(String);
  const last = page.at(-1);
  const nextToken = last !== undefined && rest.length > page.length ? tokenOf(last) : null;
  return { keys: page, nextToken };
}

export function objectListXml(
  bucket: string,
  query: URLSearchParams,
  { nextToken }: ListPage,
  files: ListedFile[],
): string {
  const contents = files.map(({ key, sizeBytes, etag, lastModified }) => {
    const inner = tag('Key', key) + tag('LastModified', lastModified.toISOString()) + tag('ETag', etag);
    return `<Contents>${inner}${tag('Size', sizeBytes)}${tag('StorageClass', 'STANDARD')}</Contents>`;
  });
  const head = tag('Name', bucket) + tag('Prefix', query.get('prefix') ?? '') + tag('KeyCount', files.length);
  const next = nextToken === null ? '' : tag('NextContinuationToken', nextToken);
  return xmlDocument('ListBucketResult', head + tag('IsTruncated', nextToken !== null) + next + contents.join(''));
}

/** Nobody may make one up, nor give a key for one. */
function tokenOf(key: string): string {
  return Buffer.from(`${TOKEN}${key}`).toString('base64');
}

function keyOf(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  if (text.startsWith(TOKEN)) return text.slice(TOKEN.length);
  throw new S3Error(400, 'InvalidArgument', 'The continuation token provided is incorrect');
}
