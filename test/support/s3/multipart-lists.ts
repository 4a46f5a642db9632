import type { LedgerUpload } from './multipart-ledger.js';
import { S3Error, tag, xmlDocument } from './s3-error.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export function listPartsXml(bucket: string, upload: LedgerUpload, query: URLSearchParams, pageSize: number): string {
  const max = limitOf(query, 'max-parts', pageSize);
  const after = numberOf(query, 'part-number-marker', 0);
  const rest = upload.parts.filter(({ number }) => number > after);
  const page = rest.slice(0, max);
  const parts = page.map(({ number, sizeBytes, etag, lastModified }) => {
    const inner = tag('PartNumber', number) + tag('Size', sizeBytes) + tag('ETag', etag);
    return `<Part>${inner}${tag('LastModified', lastModified.toISOString())}</Part>`;
  });
  const head = tag('Bucket', bucket) + tag('Key', upload.key) + tag('UploadId', upload.uploadId) + tag('MaxParts', max);
  const more = rest.length > page.length;
  const next = more ? tag('NextPartNumberMarker', page.at(-1)?.number ?? after) : '';
  return xmlDocument('ListPartsResult', head + tag('IsTruncated', more) + next + parts.join(''));
}

/**
 * Uploads by key and then by id. A marker of a key alone leaves out all uploads of that key.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 */
export function listUploadsXml(
  bucket: string,
  uploads: LedgerUpload[],
  query: URLSearchParams,
  pageSize: number,
): string {
  const max = limitOf(query, 'max-uploads', pageSize);
  const prefix = query.get('prefix') ?? '';
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker')];
  const isAfter = ({ key, uploadId }: LedgerUpload): boolean =>
    key > keyMarker || (key === keyMarker && idMarker !== null && uploadId > idMarker);
  const rest = uploads.filter((upload) => upload.key.startsWith(prefix) && isAfter(upload)).sort(byKeyAndId);
  const page = rest.slice(0, max);
  const more = rest.length > page.length;
  const last = page.at(-1);
  const next = more && last ? tag('NextKeyMarker', last.key) + tag('NextUploadIdMarker', last.uploadId) : '';
  const head = tag('Bucket', bucket) + tag('Prefix', prefix) + tag('MaxUploads', max) + tag('IsTruncated', more);
  return xmlDocument('ListMultipartUploadsResult', head + next + page.map(uploadXml).join(''));
}

function byKeyAndId(a: LedgerUpload, b: LedgerUpload): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.uploadId < b.uploadId ? -1 : 1;
}

function uploadXml({ key, uploadId, initiatedAt }: LedgerUpload): string {
  return `<Upload>${tag('Key', key)}${tag('UploadId', uploadId)}${tag('Initiated', initiatedAt.toISOString())}</Upload>`;
}

export function limitOf(query: URLSearchParams, name: string, pageSize: number): number {
  return Math.min(pageSize, numberOf(query, name, pageSize));
}

function numberOf(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (/^\d+$/.test(text)) return Number(text);
  throw new S3Error(400, 'InvalidArgument', `Argument ${name} must be a whole number.`);
}
