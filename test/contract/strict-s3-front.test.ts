import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';

/** The store that the other tests trust must refuse what R2 refuses. */
describe('the S3 test server', () => {
  let s3: S3TestServer;
  let client: S3Client;
  let Bucket: string;
  const clients: S3Client[] = [];

  const open = (config: S3ClientConfig = {}): S3Client => {
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    const credentials = { accessKeyId, secretAccessKey };
    const base = { endpoint, credentials, region: 'auto', forcePathStyle: true, maxAttempts: 1 };
    const opened = new S3Client({ ...base, requestChecksumCalculation: 'WHEN_REQUIRED', ...config });
    clients.push(opened);
    return opened;
  };

  beforeAll(async () => {
    s3 = await startS3({ minPartBytes: 1_000, maxParts: 20 });
    Bucket = s3.bucket;
    client = open();
  });

  afterAll(async () => {
    for (const opened of clients) opened.destroy();
    await s3.stop();
  });

  const begin = async (Key: string, sizes: number[]) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const Parts: CompletedPart[] = [];
    for (const [index, size] of sizes.entries()) {
      const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body: Buffer.alloc(size, index) };
      const { ETag } = await client.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: index + 1, ETag });
    }
    const complete = (parts = Parts) =>
      client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: parts } }));
    return { UploadId, Parts, complete };
  };

  it('answers 501 to the checksum headers that the SDK sends by default', async () => {
    const modern = open({ requestChecksumCalculation: 'WHEN_SUPPORTED' });
    const put = modern.send(new PutObjectCommand({ Bucket, Key: 'modern', Body: 'x' }));
    await expect(put).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
    expect(await s3.getObject('modern')).toBeNull();
  });

  it('refuses a body that is not the one that its Content-MD5 describes', async () => {
    const ContentMD5 = createHash('md5').update('other').digest('base64');
    const put = client.send(new PutObjectCommand({ Bucket, Key: 'md5', Body: 'body', ContentMD5 }));
    await expect(put).rejects.toMatchObject({ name: 'BadDigest' });
  });

  it('refuses a wrong secret, a wrong key id and no signature at all', async () => {
    const { accessKeyId, secretAccessKey } = s3;
    for (const [credentials, name] of [
      [{ accessKeyId, secretAccessKey: `${secretAccessKey}x` }, 'SignatureDoesNotMatch'],
      [{ accessKeyId: 'NOBODY', secretAccessKey }, 'InvalidAccessKeyId'],
    ] as const) {
      const get = open({ credentials }).send(new GetObjectCommand({ Bucket, Key: 'any' }));
      await expect(get).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 403 } });
    }
    expect((await fetch(`${s3.endpoint}/${Bucket}/any`)).status).toBe(403);
    expect((await fetch(`${s3.publicUrl}/any`, { method: 'PUT', body: 'x' })).status).toBe(405);
  });

  it('answers 429 to a second write to a key within a second', async () => {
    const put = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await put('often');
    await put('another');
    await expect(put('often')).rejects.toMatchObject({ $metadata: { httpStatusCode: 429 } });
  });

  it.each([
    ['the first part differs', [2_000, 1_000, 1_000], 'InvalidPart'],
    ['a middle part differs', [1_000, 1_500, 1_000, 10], 'InvalidPart'],
    ['the last part is larger', [1_000, 1_000, 1_001], 'InvalidPart'],
    ['a part is too small', [999, 999, 10], 'EntityTooSmall'],
  ])('refuses to complete when %s', async (_, sizes, name) => {
    const { complete } = await begin('uneven', sizes);
    await expect(complete()).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
    expect(await s3.getObject('uneven')).toBeNull();
  });

  it('refuses a list of parts that is not the one that was uploaded', async () => {
    const { Parts, complete } = await begin('listed', [1_000, 1_000, 10]);
    const [first, second, third] = Parts;
    if (!first || !second || !third) throw new Error('three parts were sent');
    await expect(complete([first, second])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(complete([first, { ...second, ETag: '"old"' }, third])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(complete([second, first, third])).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await complete();
    expect((await s3.getObject('listed'))?.body).toHaveLength(2_010);
    await expect(complete()).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  it('gives an object of several parts an ETag that is no MD5, everywhere the same', async () => {
    const { complete } = await begin('etag', [1_000, 10]);
    const { ETag } = await complete();
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'etag' }))).ETag).toBe(ETag);
    expect((await fetch(`${s3.publicUrl}/etag`)).headers.get('etag')).toBe(ETag);
  });

  it('takes part numbers up to its limit', async () => {
    const { UploadId } = await begin('numbers', []);
    const put = (PartNumber: number) =>
      client.send(new UploadPartCommand({ Bucket, Key: 'numbers', UploadId, PartNumber, Body: 'x' }));
    await put(20);
    for (const number of [0, 21]) await expect(put(number)).rejects.toMatchObject({ name: 'InvalidArgument' });
  });

  it('lists and aborts uploads', async () => {
    const { UploadId } = await begin('open/one', [1_000, 1_000, 10]);
    await begin('open/two', []);
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'open/' }));
    expect(uploads.Uploads?.map(({ Key }) => Key)).toEqual(['open/one', 'open/two']);
    const target = { Bucket, Key: 'open/one', UploadId };
    const page = await client.send(new ListPartsCommand({ ...target, MaxParts: 2 }));
    expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
    const rest = await client.send(new ListPartsCommand({ ...target, PartNumberMarker: page.NextPartNumberMarker }));
    expect(rest.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[3, 10]]);
    await client.send(new AbortMultipartUploadCommand(target));
    await expect(client.send(new ListPartsCommand(target))).rejects.toMatchObject({ name: 'NoSuchUpload' });
    expect(s3.listMultipartUploads().map(({ key }) => key)).not.toContain('open/one');
  });

  it('lists uploads page by page, several of one key too', async () => {
    const begun: string[] = [];
    for (const Key of ['page/b', 'page/a', 'page/a', 'page/a']) begun.push((await begin(Key, [])).UploadId ?? '');
    const list = (more: object) =>
      client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'page/', MaxUploads: 2, ...more }));
    const first = await list({});
    expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: 'page/a' });
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = first;
    expect(UploadIdMarker).toBe(first.Uploads?.[1]?.UploadId);
    const rest = await list({ KeyMarker, UploadIdMarker });
    expect(rest.IsTruncated).toBe(false);
    const all = [...(first.Uploads ?? []), ...(rest.Uploads ?? [])];
    expect(all.map(({ Key }) => Key)).toEqual(['page/a', 'page/a', 'page/a', 'page/b']);
    expect(all.map(({ UploadId }) => UploadId).sort()).toEqual(begun.sort());
    expect((await list({ KeyMarker })).Uploads?.map(({ Key }) => Key)).toEqual(['page/b']);
  });

  it('completes an upload once when several ask for it at the same time', async () => {
    const { complete } = await begin('once', [1_000, 10]);
    const answers = await Promise.allSettled([complete(), complete(), complete()]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    for (const refusal of refusals) expect(refusal).toMatchObject({ name: 'NoSuchUpload' });
    expect((await s3.getObject('once'))?.body).toHaveLength(1_010);
  });

  it('goes down and comes back on the same addresses with its objects', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
    await s3.setDown(true);
    for (const url of [s3.endpoint, s3.publicUrl]) await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect((await s3.getObject('kept'))?.body.toString()).toBe('kept');
    await s3.setDown(false);
    expect(await (await fetch(`${s3.publicUrl}/kept`)).text()).toBe('kept');
    expect(await s3.listKeys()).toContain('kept');
  });

  it('slows down on demand', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'slow', Body: Buffer.alloc(200_000) }));
    s3.faults.bytesPerSec = 400_000;
    const startMs = Date.now();
    await (await fetch(`${s3.publicUrl}/slow`)).arrayBuffer();
    s3.faults.clear();
    expect(Date.now() - startMs).toBeGreaterThan(250);
  });
});
