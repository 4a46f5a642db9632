import type { TransformFnParams } from 'class-transformer';

/** For `@Transform`: the values of a query field that may be repeated, or have commas between. */
export function splitList({ value }: Pick<TransformFnParams, 'value'>): unknown[] {
  const parts: unknown[] = Array.isArray(value) ? value : [value];
  return parts.flatMap((part) => (typeof part === 'string' ? part.split(',') : [part]));
}
