/** What went wrong, in the classes that decide the HTTP status and whether trying again can help. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'range_not_satisfiable'
  | 'too_many'
  | 'unavailable'
  | 'upstream'
  | 'internal';

/** Whose fault it was, so that an operator knows where to look. */
export type Fault = 'caller' | 'camera' | 'destination' | 'service';

interface KindTraits {
  status: number;
  title: string;
  retryable: boolean;
}

/** The one table from kind to HTTP status and retryability. */
export const KINDS: Record<ErrorKind, KindTraits> = {
  invalid: { status: 400, title: 'Bad request', retryable: false },
  unauthenticated: { status: 401, title: 'Not authenticated', retryable: false },
  forbidden: { status: 403, title: 'Not allowed', retryable: false },
  not_found: { status: 404, title: 'Not found', retryable: false },
  conflict: { status: 409, title: 'Wrong state', retryable: false },
  too_large: { status: 413, title: 'Too large', retryable: false },
  range_not_satisfiable: { status: 416, title: 'Range not satisfiable', retryable: false },
  too_many: { status: 429, title: 'Too many requests', retryable: true },
  unavailable: { status: 503, title: 'Not available now', retryable: true },
  upstream: { status: 502, title: 'A peer failed', retryable: true },
  internal: { status: 500, title: 'Internal error', retryable: true },
};

/** One faulty field of a request. */
export interface FieldFault {
  field: string;
  message: string;
}

export interface AppErrorOptions {
  /** `MODULE.REASON`, stable: clients and tests may depend on it. */
  code: string;
  kind: ErrorKind;
  /** One sentence that a user can act on; never holds a secret. */
  message: string;
  fault?: Fault;
  fields?: FieldFault[];
  /** Seconds after which the caller may try again; sent as `Retry-After`. */
  retryAfterSec?: number;
  cause?: unknown;
}

/** The only error that crosses a module's border: peers' errors are translated into it once, at the adapter. */
export class AppError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly fault: Fault;
  readonly fields: FieldFault[];
  readonly retryAfterSec: number | undefined;

  constructor(options: AppErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = options.code;
    this.kind = options.kind;
    this.fault = options.fault ?? (KINDS[options.kind].status < 500 ? 'caller' : 'service');
    this.fields = options.fields ?? [];
    this.retryAfterSec = options.retryAfterSec;
  }

  get retryable(): boolean {
    return KINDS[this.kind].retryable;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
