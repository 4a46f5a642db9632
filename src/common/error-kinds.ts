/** What went wrong, in the classes that decide the HTTP status and, unless a code says otherwise, whether trying again can help. */
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
