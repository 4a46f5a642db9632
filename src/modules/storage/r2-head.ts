import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectInfo } from './object-store.port.js';
import { sendOptions } from './r2-client.js';
import { isMissing } from './r2-errors.js';

/** An object together with what only the adapter wants to know of it. */
export interface SeenObject {
  info: ObjectInfo;
  /** Of the upload that it was put together in. */
  token: string | null;
  /** Of an object that came as a file. */
  md5Hex: string | null;
}

/** One attempt at a HEAD, errors as the SDK throws them; null when there is no such object. */
export async function headObject(
  client: S3Client,
  object: { Bucket: string; Key: string },
  signal?: AbortSignal,
): Promise<SeenObject | null> {
  try {
    const answer = await client.send(new HeadObjectCommand(object), sendOptions(signal));
    const info = {
      sizeBytes: answer.ContentLength ?? 0,
      contentType: answer.ContentType ?? 'application/octet-stream',
      etag: answer.ETag ?? '',
      sha256Hex: answer.Metadata?.['sha256'] ?? null,
      lastModified: answer.LastModified ?? new Date(0),
    };
    return { info, token: answer.Metadata?.['token'] ?? null, md5Hex: answer.Metadata?.['md5'] ?? null };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
