import { AppError } from './common/errors.js';
import { redactor } from './common/redaction.js';

/** What the operating system says, in words for whoever runs the service. */
const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'it is on a read-only file system',
  ENOTDIR: 'a part of the path is no folder',
  EEXIST: 'there is a file in its place',
  EISDIR: 'it is a folder',
  ENOENT: 'it is not there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ELOOP: 'its links lead round in a circle',
  ENAMETOOLONG: 'its name is too long',
};

/**
 * What to tell about an error that keeps the service from starting: one sentence where an operator can mend it, the stack where only
 * a programmer can. No secret is in it.
 */
export function describeStartFault(error: unknown): string {
  if (error instanceof AppError) return redactor.redact(error.message);
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined && REASONS[code] !== undefined) {
    return redactor.redact(
      `${path} cannot be used by ${currentUser()}: ${describeReason(code)} (${code}, ${syscall}).`,
    );
  }
  return redactor.redact((error as Error)?.stack ?? String(error));
}

/** @param code of an error of the operating system, like EACCES */
export function describeReason(code: string | undefined): string {
  return REASONS[code ?? ''] ?? code ?? 'unknown error';
}

/** Who this process is to the file system. */
export function currentUser(): string {
  return `uid ${process.getuid?.() ?? 'unknown'}`;
}
