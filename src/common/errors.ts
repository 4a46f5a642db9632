import { type ErrorCode, type Said, sentenceOf, traitsOf } from './error-catalogue.js';
import type { ErrorKind, Fault } from './error-kinds.js';

/** One faulty field of a request. */
export interface FieldFault {
  field: string;
  message: string;
}

export type AppErrorOptions = Said & {
  fields?: FieldFault[];
  /** Seconds after which the caller may try again, sent as `Retry-After`; default: what the catalogue says. */
  retryAfterSec?: number;
  cause?: unknown;
};

/** The only error that crosses a module's border: peers' errors are translated into it once, at the adapter. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly fields: FieldFault[];
  readonly retryAfterSec: number | undefined;

  /** Kind, fault and retryability are the catalogue's. The sentence is its own where `message` gives none. */
  constructor(options: AppErrorOptions) {
    super(sentenceOf(options), options.cause === undefined ? undefined : { cause: options.cause });
    const { kind, fault, retry, retryAfterSec } = traitsOf(options.code);
    this.name = 'AppError';
    this.code = options.code;
    this.kind = kind;
    this.fault = fault;
    this.retryable = retry;
    this.fields = options.fields ?? [];
    this.retryAfterSec = options.retryAfterSec ?? retryAfterSec;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
