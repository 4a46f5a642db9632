import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

/** The key that `x-amz-copy-source` names: `bucket/key`, escaped, with or without a slash in front. */
export function readCopySource({ headers, bucket }: S3Request): string {
  const source = decodeURIComponent(String(headers['x-amz-copy-source'])).replace(/^\//, '');
  const [of, ...key] = source.split('/');
  if (of === undefined || key.join('') === '')
    throw new S3Error(400, 'InvalidArgument', 'The copy source is no object.');
  if (of !== bucket) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist.');
  return key.join('/');
}

/**
 * The bytes of a source that a copy asks for: all of them, or a range, which must be whole inside it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 */
export function cutForCopy(body: Buffer, { headers }: S3Request): Buffer {
  const header = headers['x-amz-copy-source-range'];
  if (header === undefined) return body;
  const match = /^bytes=(\d+)-(\d+)$/.exec(String(header));
  if (!match) {
    throw new S3Error(
      400,
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last.',
    );
  }
  const [start, end] = [Number(match[1]), Number(match[2])];
  if (start > end || end >= body.length) {
    throw new S3Error(416, 'InvalidRange', `Range specified is not valid for source object of size: ${body.length}`);
  }
  return body.subarray(start, end + 1);
}
