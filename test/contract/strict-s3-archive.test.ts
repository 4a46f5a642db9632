import { createHash } from 'node:crypto';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';

const SIZE_BYTES = 3_000;

/** What the store that the other tests trust must refuse of copies, lists and deletions of many. */
describe('the S3 test server, of an archive,', () => {
  let s3: S3TestServer;
  let client: S3Client;
  let Bucket: string;

  beforeAll(async () => {
    s3 = await startS3({ minPartBytes: 1_000, writeGapMs: 0, pageSize: 1_000 });
    Bucket = s3.bucket;
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    const credentials = { accessKeyId, secretAccessKey };
    const base = { endpoint, credentials, region: 'auto', forcePathStyle: true, maxAttempts: 1 };
    client = new S3Client({ ...base, requestChecksumCalculation: 'WHEN_REQUIRED' });
    await put('source', Buffer.alloc(SIZE_BYTES, 's'));
  });

  afterAll(async () => {
    client.destroy();
    await s3.stop();
  });

  const put = (Key: string, Body: Buffer | string = 'x') => client.send(new PutObjectCommand({ Bucket, Key, Body }));
  const begin = async (Key: string) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    return { Bucket, Key, UploadId };
  };
  type Target = Awaited<ReturnType<typeof begin>>;

  const copy = (target: Target, PartNumber: number, range: string | undefined, source = `${s3.bucket}/source`) =>
    client.send(new UploadPartCopyCommand({ ...target, PartNumber, CopySource: source, CopySourceRange: range }));

  describe('copies a part', () => {
    it('out of the whole source or a range of it, with the MD5 of what was copied', async () => {
      const target = await begin('copies');
      const md5Of = (size: number) => `"${createHash('md5').update(Buffer.alloc(size, 's')).digest('hex')}"`;
      expect((await copy(target, 1, undefined)).CopyPartResult?.ETag).toBe(md5Of(SIZE_BYTES));
      expect((await copy(target, 1, 'bytes=0-2999', `/${Bucket}/source`)).CopyPartResult?.ETag).toBe(md5Of(SIZE_BYTES));
      expect((await copy(target, 2, 'bytes=2999-2999')).CopyPartResult?.ETag).toBe(md5Of(1));
    });

    it.each([
      ['that does not end in the source', 'bytes=0-3000', 'InvalidRange', 416],
      ['that begins behind it', 'bytes=3000-3001', 'InvalidRange', 416],
      ['that ends before it begins', 'bytes=5-4', 'InvalidRange', 416],
      ['without an end', 'bytes=5-', 'InvalidArgument', 400],
      ['counted from the end', 'bytes=-5', 'InvalidArgument', 400],
    ])('but not of a range %s', async (_, range, name, httpStatusCode) => {
      const target = await begin('ranges');
      await expect(copy(target, 1, range)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
    });

    it('but not out of nothing, nor into an upload that is not there', async () => {
      const target = await begin('missing');
      const missing = copy(target, 1, undefined, `${Bucket}/missing`);
      await expect(missing).rejects.toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
      await expect(copy(target, 1, undefined, 'other/source')).rejects.toMatchObject({ name: 'NoSuchBucket' });
      const gone = copy({ ...target, UploadId: 'none' }, 1, undefined);
      await expect(gone).rejects.toMatchObject({ name: 'NoSuchUpload', $metadata: { httpStatusCode: 404 } });
      await expect(copy(target, 10_001, undefined)).rejects.toMatchObject({ name: 'InvalidArgument' });
    });

    it.each([
      ['a copy in the middle is shorter', ['bytes=0-1999', 'bytes=0-1998', 'bytes=0-99'], 'InvalidPart'],
      ['the last copy is larger', ['bytes=0-1499', 'bytes=0-1500'], 'InvalidPart'],
      ['copies are too small', ['bytes=0-9', 'bytes=0-9'], 'EntityTooSmall'],
    ])('and does not complete when %s', async (_, ranges, name) => {
      const target = await begin('unequal');
      const Parts: CompletedPart[] = [];
      for (const [index, range] of ranges.entries()) {
        const { CopyPartResult } = await copy(target, index + 1, range);
        Parts.push({ PartNumber: index + 1, ETag: CopyPartResult?.ETag });
      }
      const complete = client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } }));
      await expect(complete).rejects.toMatchObject({ name });
      expect(await s3.getObject('unequal')).toBeNull();
    });
  });

  describe('deletes many objects', () => {
    const deletionOf = (keys: string[], Quiet = false) =>
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet } });

    /** With a digest in place of the SDK's own checksum. @param md5Of what there is of it; undefined: none */
    const sendWith = (md5Of: (body: string) => string | undefined, command: DeleteObjectsCommand) => {
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers, body } = args.request as { headers: Record<string, string>; body: string };
          for (const name of Object.keys(headers)) if (name.includes('checksum')) delete headers[name];
          const md5 = md5Of(body);
          if (md5 !== undefined) headers['content-md5'] = md5;
          return next(args);
        },
        { step: 'build', priority: 'low' },
      );
      return client.send(command);
    };
    const md5Of = (text: string) => createHash('md5').update(text).digest('base64');
    const deleteMany = (keys: string[], Quiet = false) => sendWith(md5Of, deletionOf(keys, Quiet));

    it('in one request, and answers all of them or only what failed', async () => {
      const keys = ['many/1', 'many/007', 'many/&amp;<x>', 'many/missing'];
      for (const key of keys.slice(0, 3)) await put(key);
      const answer = await deleteMany(keys);
      expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(keys);
      for (const key of keys) expect(await s3.getObject(key)).toBeNull();
      expect((await deleteMany(keys, true)).Deleted ?? []).toEqual([]);
    });

    it('but not without a digest, nor with that of another body, nor with the checksum of the SDK', async () => {
      await put('kept');
      const none = sendWith(() => undefined, deletionOf(['kept']));
      await expect(none).rejects.toMatchObject({ name: 'InvalidRequest', $metadata: { httpStatusCode: 400 } });
      const other = sendWith(() => md5Of('another'), deletionOf(['kept']));
      await expect(other).rejects.toMatchObject({ name: 'BadDigest', $metadata: { httpStatusCode: 400 } });
      await expect(client.send(deletionOf(['kept']))).rejects.toMatchObject({ name: 'NotImplemented' });
      expect(await s3.getObject('kept')).not.toBeNull();
    });

    it('but not none of them, nor more than a thousand', async () => {
      const keys = Array.from({ length: 1_001 }, (_, i) => `none/${i}`);
      for (const wrong of [[], keys]) await expect(deleteMany(wrong)).rejects.toMatchObject({ name: 'MalformedXML' });
      expect((await deleteMany(keys.slice(0, 1_000))).Deleted).toHaveLength(1_000);
    });
  });

  describe('lists objects', () => {
    const list = (more: object) => client.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', ...more }));
    const keysOf = ({ Contents = [] }: { Contents?: { Key?: string | undefined }[] | undefined }) =>
      Contents.map(({ Key }) => Key);
    const KEYS = ['list/a-b', 'list/a.b', 'list/a/b', 'list/a0', 'list/é', 'list/\u{10000}'];

    beforeAll(async () => {
      for (const key of [...KEYS].reverse()) await put(key, key);
    });

    it('in the order of the bytes of their keys, with size, tag and time', async () => {
      const all = await list({});
      expect(keysOf(all)).toEqual(KEYS);
      expect(all).toMatchObject({ IsTruncated: false, KeyCount: 6 });
      const etag = createHash('md5').update('list/a-b').digest('hex');
      expect(all.Contents?.[0]).toMatchObject({ Size: 8, ETag: `"${etag}"`, LastModified: expect.any(Date) });
    });

    it('behind a key, of an object or not, and page by page', async () => {
      expect(keysOf(await list({ StartAfter: 'list/a.b' }))).toEqual(KEYS.slice(2));
      expect(keysOf(await list({ StartAfter: 'list/a/' }))).toEqual(KEYS.slice(2));
      expect(keysOf(await list({ StartAfter: 'list/zz', Prefix: 'list/a' }))).toEqual([]);
      const first = await list({ MaxKeys: 4 });
      expect([keysOf(first), first.IsTruncated]).toEqual([KEYS.slice(0, 4), true]);
      const rest = await list({ MaxKeys: 4, ContinuationToken: first.NextContinuationToken, StartAfter: 'ignored' });
      expect([keysOf(rest), rest.IsTruncated]).toEqual([KEYS.slice(4), false]);
    });

    it('but not from a token that it did not give, nor in ways that it does not know', async () => {
      const wrong = list({ ContinuationToken: 'made up' });
      await expect(wrong).rejects.toMatchObject({ name: 'InvalidArgument', $metadata: { httpStatusCode: 400 } });
      await expect(list({ MaxKeys: -1 })).rejects.toMatchObject({ name: 'InvalidArgument' });
      await expect(list({ Delimiter: '/' })).rejects.toMatchObject({ name: 'NotImplemented' });
    });
  });
});
