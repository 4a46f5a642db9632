/** Something that a caller of the camera asked for is wrong; the message names every mistake. */
export class CameraInputError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}

/** Says what a value must be, or undefined when it is. */
export type Rule = (value: unknown) => string | undefined;

export const flag: Rule = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

export const whole =
  (min: number, max: number): Rule =>
  (value) =>
    Number.isInteger(value) && isWithin(value, min, max) ? undefined : `must be a whole number from ${min} to ${max}`;

export const decimal =
  (min: number, max: number): Rule =>
  (value) =>
    isWithin(value, min, max) ? undefined : `must be a number from ${min} to ${max}`;

export const oneOf =
  (...allowed: readonly string[]): Rule =>
  (value) =>
    allowed.includes(value as string) ? undefined : `must be one of ${allowed.join(', ')}`;

export const matching =
  (pattern: RegExp, what: string): Rule =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `must be ${what}`;

export const nullable =
  (rule: Rule): Rule =>
  (value) => {
    const problem = value === null ? undefined : rule(value);
    return problem && `${problem}, or null`;
  };

/** The value as an object; throws CameraInputError when it is something else. */
export function requireObject(what: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CameraInputError([`${what} must be a JSON object, not ${describe(value)}`]);
}

/** Checks each field that is there; throws CameraInputError with all that is wrong, unknown names too. */
export function checkFields(fields: object, rules: Readonly<Record<string, Rule>>): void {
  const problems = Object.entries(fields).flatMap(([name, value]) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) return [`"${name}" is unknown (known: ${Object.keys(rules).join(', ')})`];
    const problem = rule(value);
    return problem ? [`${name} ${problem}, not ${describe(value)}`] : [];
  });
  if (problems.length > 0) throw new CameraInputError(problems);
}

function describe(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}
