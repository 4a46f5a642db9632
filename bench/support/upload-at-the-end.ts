import { createReadStream } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { StoreAddress } from './slow-store.js';

/** A client as R2 wants it, and nothing else. */
export function plainClient({ endpoint, accessKeyId, secretAccessKey }: StoreAddress): S3Client {
  return new S3Client({
    ...{ endpoint, region: 'auto', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } },
    ...{ requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' },
  });
}

/** One file by the SDK's own uploader, with parts of its default size. @returns milliseconds */
export async function uploadFile(address: StoreAddress, file: string, key: string): Promise<number> {
  const client = plainClient(address);
  const fromMs = performance.now();
  const params = { Bucket: address.bucket, Key: key, Body: createReadStream(file), ContentType: 'video/mp4' };
  await new Upload({ client, params }).done();
  client.destroy();
  return performance.now() - fromMs;
}

/** Bytes from memory in one request. @returns milliseconds */
export async function putOnce({ bucket, ...address }: StoreAddress, key: string, sizeBytes: number): Promise<number> {
  const client = plainClient({ bucket, ...address });
  const fromMs = performance.now();
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.alloc(sizeBytes) }));
  client.destroy();
  return performance.now() - fromMs;
}
