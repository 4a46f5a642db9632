import { buffer } from 'node:stream/consumers';
import { endToEnd, type FrontAnswer } from './front-answer.js';
import { KeyedLock } from './keyed-lock.js';
import { manyDeletesXml, readManyDeletes } from './many-deletes.js';
import { type LedgerUpload, MultipartLedger } from './multipart-ledger.js';
import { listPartsXml, listUploadsXml } from './multipart-lists.js';
import { objectListXml, pageOf } from './object-list.js';
import { cutForCopy, readCopySource } from './part-copies.js';
import { checkPlainUpload, WriteRate } from './r2-rules.js';
import { S3Error, tag, textOf, xmlDocument } from './s3-error.js';
import { damaged, type S3Request } from './s3-request.js';
import type { BackendAnswer, S3rverBackend } from './s3rver-backend.js';
import { readObject } from './range-reads.js';
import { checkBody, checkSignature, type Credentials } from './sigv4.js';

export interface FrontRules {
  bucket: string;
  credentials: Credentials;
  region: string;
  minPartBytes: number;
  maxParts: number;
  writeGapMs: number;
  pageSize: number;
}

interface PlannedWrite {
  /** The object's size from then on, null for none. */
  sizeBytes: number | null;
  /** Of an object of parts; s3rver makes the others. */
  etag?: string;
  /** Ended by the write. */
  upload?: LedgerUpload;
}

/**
 * What R2 does and s3rver does not: checks signatures and bodies, refuses the newer checksum headers, unequal parts and quick rewrites of a key,
 * lists and aborts multipart uploads, copies parts, gives them ETags that are no MD5, lists objects in the order of their keys' bytes, deletes
 * many of them at once, and shows an object only when it is whole.
 */
export class StrictS3Front {
  readonly uploads: MultipartLedger;
  private readonly lock = new KeyedLock();
  private readonly rate: WriteRate;

  constructor(
    private readonly backend: S3rverBackend,
    private readonly rules: FrontRules,
  ) {
    this.uploads = new MultipartLedger(rules);
    this.rate = new WriteRate(rules.writeGapMs);
  }

  /** @throws S3Error */
  async answer(request: S3Request): Promise<FrontAnswer> {
    const { credentials, region } = this.rules;
    checkSignature(request, { ...credentials, region }, Date.now());
    checkPlainUpload(request);
    checkBody(request);
    if (request.bucket !== this.rules.bucket)
      throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist.');
    return this.perform(request.storeDamaged ? spoilt(request) : request);
  }

  /** Public access to the bucket: reads only, no signature. */
  async answerPublic(request: S3Request): Promise<FrontAnswer> {
    if (request.operation !== 'GetObject' && request.operation !== 'HeadObject')
      throw new S3Error(405, 'MethodNotAllowed', '');
    return this.read(request);
  }

  private perform(request: S3Request): Promise<FrontAnswer> {
    switch (request.operation) {
      case 'PutObject':
        return this.write(request, () => ({ sizeBytes: request.body.length }));
      case 'DeleteObject':
        return this.write(request, () => ({ sizeBytes: null }));
      case 'DeleteObjects':
        return this.deleteMany(request);
      case 'GetObject':
      case 'HeadObject':
        return this.read(request);
      case 'CreateMultipartUpload':
        return this.createUpload(request);
      case 'UploadPart':
        return this.putPart(request);
      case 'UploadPartCopy':
        return this.copyPart(request);
      case 'CompleteMultipartUpload':
        return this.complete(request);
      case 'AbortMultipartUpload':
        return this.abort(request);
      case 'ListParts':
        return Promise.resolve(this.listParts(request));
      case 'ListMultipartUploads':
        return Promise.resolve(this.listUploads(request));
      case 'ListObjectsV2':
        return this.listObjects(request);
      case 'ListObjects':
      case 'Other':
        return this.pass(request);
    }
  }

  private async read(request: S3Request): Promise<FrontAnswer> {
    return this.lock.hold(request.key, () => readObject(this.backend, request, this.uploads.etagOf(request.key)));
  }

  /** Everything that changes what is under a key, one after the other; `plan` may still refuse it. */
  private write(request: S3Request, plan: () => PlannedWrite): Promise<FrontAnswer> {
    return this.lock.hold(request.key, async () => {
      const { sizeBytes, etag, upload } = plan();
      this.rate.check(request.key, Date.now());
      if (sizeBytes !== null) await this.backend.detach(request.key);
      const answer = await this.backend.send(request);
      if (answer.status >= 300) return passOn(answer);
      const body = await buffer(answer.stream);
      if (sizeBytes !== null) await this.backend.waitForObject(request.key, sizeBytes);
      this.uploads.setEtag(request.key, etag);
      if (upload) this.uploads.close(upload);
      return { status: answer.status, headers: endToEnd(answer.headers), body };
    });
  }

  /** One after the other: s3rver fails when two deletions empty a folder at the same time. */
  private async deleteMany(request: S3Request): Promise<FrontAnswer> {
    const { keys, quiet } = readManyDeletes(request);
    const refusals = new Map<string, S3Error | null>();
    for (const key of new Set(keys)) {
      const one = {
        ...request,
        method: 'DELETE',
        url: urlOf(request.bucket, key),
        key,
        headers: {},
        body: Buffer.alloc(0),
      };
      const refusal = await this.write(one, () => ({ sizeBytes: null })).then(() => null, refusalOf);
      refusals.set(key, refusal);
    }
    return xmlAnswer(manyDeletesXml(refusals, quiet));
  }

  private async createUpload(request: S3Request): Promise<FrontAnswer> {
    const answer = await this.backend.send(request);
    const xml = (await buffer(answer.stream)).toString();
    const uploadId = textOf(xml, 'UploadId');
    if (uploadId !== undefined) this.uploads.open(request.key, uploadId);
    return xmlAnswer(xml, answer.status);
  }

  private async putPart(request: S3Request): Promise<FrontAnswer> {
    const upload = this.uploads.get(request.key, request.query.get('uploadId'));
    const number = this.uploads.partNumberOf(request.query.get('partNumber'));
    const answer = await this.backend.send(request);
    await buffer(answer.stream);
    const sizeBytes = request.body.length;
    await this.backend.waitForPart(upload.uploadId, number, sizeBytes);
    this.uploads.get(request.key, upload.uploadId); // it may have been aborted meanwhile
    const etag = String(answer.headers.etag);
    this.uploads.putPart(upload, { number, sizeBytes, etag, lastModified: new Date() });
    return { status: 200, headers: { etag }, body: Buffer.alloc(0) };
  }

  /** s3rver cannot copy a part: it gets the bytes as if they had been sent. */
  private async copyPart(request: S3Request): Promise<FrontAnswer> {
    this.uploads.get(request.key, request.query.get('uploadId'));
    const source = readCopySource(request);
    const found = await this.lock.hold(source, () => this.backend.read(source));
    if (!found) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
    const bytes = cutForCopy(found.body, request);
    const body = request.storeDamaged ? damaged(bytes) : bytes;
    const { headers } = await this.putPart({ ...request, headers: { 'content-length': String(body.length) }, body });
    const inner = tag('ETag', String(headers['etag'])) + tag('LastModified', new Date().toISOString());
    return xmlAnswer(xmlDocument('CopyPartResult', inner));
  }

  private async complete(request: S3Request): Promise<FrontAnswer> {
    const plan = (): PlannedWrite => {
      const upload = this.uploads.get(request.key, request.query.get('uploadId'));
      const etag = this.uploads.checkComplete(upload, request.body.toString());
      return { sizeBytes: upload.parts.reduce((sum, part) => sum + part.sizeBytes, 0), etag, upload };
    };
    const answer = await this.write(request, plan);
    if (answer.status !== 200) return answer;
    const etag = this.uploads.etagOf(request.key) ?? '';
    const inner = tag('Bucket', request.bucket) + tag('Key', request.key) + tag('ETag', etag);
    return xmlAnswer(xmlDocument('CompleteMultipartUploadResult', inner));
  }

  private async abort(request: S3Request): Promise<FrontAnswer> {
    const upload = this.uploads.get(request.key, request.query.get('uploadId'));
    this.uploads.close(upload);
    await this.backend.removeUpload(upload.uploadId);
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  }

  private listParts({ key, bucket, query }: S3Request): FrontAnswer {
    const upload = this.uploads.get(key, query.get('uploadId'));
    return xmlAnswer(listPartsXml(bucket, upload, query, this.rules.pageSize));
  }

  private listUploads({ bucket, query }: S3Request): FrontAnswer {
    return xmlAnswer(listUploadsXml(bucket, this.uploads.list(), query, this.rules.pageSize));
  }

  private async listObjects({ bucket, query }: S3Request): Promise<FrontAnswer> {
    const page = pageOf(await this.backend.allKeys(), query, this.rules.pageSize);
    const files = [];
    for (const key of page.keys) {
      const file = await this.lock.hold(key, () => this.backend.describe(key));
      if (file) files.push({ ...file, etag: this.uploads.etagOf(key) ?? file.etag });
    }
    return xmlAnswer(objectListXml(bucket, query, page, files));
  }

  private async pass(request: S3Request): Promise<FrontAnswer> {
    return passOn(await this.backend.send(request));
  }
}

/** The backend, which would compare it, is not told of the digest. */
function spoilt(request: S3Request): S3Request {
  const headers = { ...request.headers };
  delete headers['content-md5'];
  return { ...request, headers, body: damaged(request.body) };
}

/** For `.catch`: what one of many objects was refused for. */
function refusalOf(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  throw error;
}

function urlOf(bucket: string, key: string): string {
  return `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

function xmlAnswer(xml: string, status = 200): FrontAnswer {
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) };
}

function passOn({ status, headers, stream }: BackendAnswer): FrontAnswer {
  return { status, headers: endToEnd(headers), body: stream };
}
