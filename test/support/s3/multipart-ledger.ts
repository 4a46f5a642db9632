import { createHash } from 'node:crypto';
import { S3Error, textOf } from './s3-error.js';

export interface LedgerPart {
  number: number;
  sizeBytes: number;
  etag: string;
  lastModified: Date;
}

export interface LedgerUpload {
  key: string;
  uploadId: string;
  initiatedAt: Date;
  parts: LedgerPart[];
}

export interface MultipartRules {
  minPartBytes: number;
  maxParts: number;
}

/** Which multipart uploads are open, and whether R2 and Ceph would let one be completed. s3rver checks nothing of it. */
export class MultipartLedger {
  private readonly uploads = new Map<string, LedgerUpload>();
  /** ETags of objects that came in parts: not an MD5, as in R2 and S3. */
  private readonly objectEtags = new Map<string, string>();

  constructor(private readonly rules: MultipartRules) {}

  open(key: string, uploadId: string): void {
    this.uploads.set(uploadId, { key, uploadId, initiatedAt: new Date(), parts: [] });
  }

  get(key: string, uploadId: string | null): LedgerUpload {
    const upload = this.uploads.get(uploadId ?? '');
    if (upload?.key !== key) throw new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
    return upload;
  }

  partNumberOf(text: string | null): number {
    const number = Number(text);
    if (Number.isInteger(number) && number >= 1 && number <= this.rules.maxParts) return number;
    throw new S3Error(400, 'InvalidArgument', `Part number must be an integer between 1 and ${this.rules.maxParts}.`);
  }

  putPart(upload: LedgerUpload, part: LedgerPart): void {
    upload.parts = [...upload.parts.filter(({ number }) => number !== part.number), part];
    upload.parts.sort((a, b) => a.number - b.number);
  }

  /** Refuses a Complete whose list is not exactly what was uploaded, or whose parts break the size rules; answers the object's ETag. */
  checkComplete(upload: LedgerUpload, xml: string): string {
    const listed = readPartList(xml);
    if (listed.length === 0) throw new S3Error(400, 'MalformedXML', 'The list of parts is empty.');
    if (listed.some(({ number }, index) => index > 0 && number <= (listed[index - 1]?.number ?? 0))) {
      throw new S3Error(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    const same = upload.parts.every(({ number, etag }, i) => listed[i]?.number === number && listed[i].etag === etag);
    if (listed.length !== upload.parts.length || !same) {
      throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found, or is not listed.');
    }
    this.checkSizes(upload.parts);
    const md5s = upload.parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
    const md5OfAll = createHash('md5').update(Buffer.concat(md5s)).digest('hex');
    return `"${md5OfAll}-${upload.parts.length}"`;
  }

  close(upload: LedgerUpload): void {
    this.uploads.delete(upload.uploadId);
  }

  list(): LedgerUpload[] {
    return [...this.uploads.values()];
  }

  etagOf(key: string): string | undefined {
    return this.objectEtags.get(key);
  }

  /** Called at every write: only an object that came in parts has a tag of its own. */
  setEtag(key: string, etag: string | undefined): void {
    if (etag === undefined) this.objectEtags.delete(key);
    else this.objectEtags.set(key, etag);
  }

  private checkSizes(parts: LedgerPart[]): void {
    const first = parts[0]?.sizeBytes ?? 0;
    const last = parts.at(-1)?.sizeBytes ?? 0;
    if (parts.slice(0, -1).some(({ sizeBytes }) => sizeBytes < this.rules.minPartBytes)) {
      throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed object size.');
    }
    if (parts.slice(0, -1).some(({ sizeBytes }) => sizeBytes !== first) || last > first) {
      throw new S3Error(400, 'InvalidPart', 'All non-trailing parts must have the same length.');
    }
  }
}

function readPartList(xml: string): { number: number; etag: string }[] {
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: `"${(textOf(part, 'ETag') ?? '').replaceAll('"', '')}"`,
  }));
}
