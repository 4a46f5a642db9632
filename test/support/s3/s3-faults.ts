import type { S3Operation } from './s3-request.js';

export type S3FaultAction =
  /** Answers this error, without doing anything. */
  | { kind: 'status'; status: number; code?: string }
  /** Answers success, with this body or an empty one, without doing anything. */
  | { kind: 'pretend'; body?: string }
  /** Cuts the connection, without doing anything. */
  | { kind: 'reset' }
  /** Never answers; the connection stays open until `clear`. */
  | { kind: 'hang' }
  /** Does what was asked, then cuts the connection instead of answering. */
  | { kind: 'loseAnswer' }
  /** Gets another body than the one that was sent. */
  | { kind: 'damageOnTheWay' }
  /** Keeps another body than the one that it got, without a word. */
  | { kind: 'damageInStore' }
  /** Cuts the connection after so many bytes of the request's body, without doing anything. */
  | { kind: 'cutRequest'; afterBytes: number }
  /** Does what was asked, and answers another entity tag. */
  | { kind: 'otherTag'; etag: string }
  /** Cuts the connection after so many bytes of the answer's body. */
  | { kind: 'cutBody'; afterBytes: number };

export interface S3FaultRule {
  action: S3FaultAction;
  /** Unset: any operation. */
  operation?: S3Operation;
  /** Of the object, or the prefix of a list. */
  key?: string;
  /** How many requests it hits; unset: all until it is cleared. */
  times?: number;
}

/** Faults on demand. The first rule that fits a request hits it. */
export class S3Faults {
  /** Every connection gets this many bytes a second, in and out; null: as many as there are. */
  bytesPerSec: number | null = null;
  private rules: (S3FaultRule & { left: number })[] = [];
  private readonly releases = new Set<() => void>();

  add(rule: S3FaultRule): void {
    this.rules.push({ ...rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  /** Forgets all rules and cuts the connections that hang. */
  clear(): void {
    this.rules = [];
    this.bytesPerSec = null;
    for (const release of this.releases) release();
    this.releases.clear();
  }

  /** The action that hits this request, if any. */
  take(operation: S3Operation, key: string): S3FaultAction | undefined {
    const rule = this.rules.find(
      (candidate) =>
        candidate.left > 0 &&
        (candidate.operation === undefined || candidate.operation === operation) &&
        (candidate.key === undefined || candidate.key === key),
    );
    if (rule) rule.left--;
    return rule?.action;
  }

  onClear(release: () => void): void {
    this.releases.add(release);
  }
}
