import type { S3Operation } from './s3-request.js';

export interface S3RequestRecord {
  operation: S3Operation;
  key: string;
  /** Lower-case names, without their values: enough to see what went over the wire. */
  headerNames: string[];
  /** 0 until it is answered, and for good when the connection was cut. */
  status: number;
  /** S3's word for the refusal. */
  code?: string;
}

const KEPT = 20_000;

/** What came over the wire. */
export class S3Stats {
  requests: S3RequestRecord[] = [];
  bytesIn = 0;
  bytesOut = 0;
  private readonly open = new Map<S3Operation, number>();
  private readonly peaks = new Map<S3Operation, number>();

  /** A request is being served until the returned function is called. */
  enter(operation: S3Operation): () => void {
    const now = (this.open.get(operation) ?? 0) + 1;
    this.open.set(operation, now);
    this.peaks.set(operation, Math.max(now, this.peaks.get(operation) ?? 0));
    return () => void this.open.set(operation, (this.open.get(operation) ?? 1) - 1);
  }

  /** How many requests of an operation were being served at the same time, at most. */
  mostAtOnce(operation: S3Operation): number {
    return this.peaks.get(operation) ?? 0;
  }

  record(record: S3RequestRecord): S3RequestRecord {
    if (this.requests.length >= KEPT) this.requests.shift();
    this.requests.push(record);
    return record;
  }

  /** How many requests there were, of one operation or of all. */
  count(operation?: S3Operation): number {
    return this.requests.filter((request) => operation === undefined || request.operation === operation).length;
  }

  /** Requests that were refused or failed. */
  refused(): S3RequestRecord[] {
    return this.requests.filter(({ status }) => status >= 400);
  }

  reset(): void {
    this.requests = [];
    this.peaks.clear();
    this.bytesIn = 0;
    this.bytesOut = 0;
  }
}
