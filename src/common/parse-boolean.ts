import type { TransformFnParams } from 'class-transformer';

/** For `@Transform`: a query has only text. What is neither word stays as it is, so that the validator says so. */
export function parseBoolean({ value }: Pick<TransformFnParams, 'value'>): unknown {
  return value === 'true' ? true : value === 'false' ? false : (value as unknown);
}
