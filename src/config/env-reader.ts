import { faultOfHttpUrl } from './url-check.js';

/**
 * Reads typed values out of an environment and collects every fault instead of stopping at the first,
 * so that an operator mends the environment once.
 */
export class EnvReader {
  readonly faults: string[] = [];

  constructor(
    private readonly env: Record<string, string | undefined>,
    /** Every name that was asked for. */
    readonly known: Set<string> = new Set(),
  ) {}

  /** A reader of the same environment whose faults count for nothing: for settings that are known but not in use. */
  aside(): EnvReader {
    return new EnvReader(this.env, this.known);
  }

  /** The trimmed value, or undefined when it is unset or empty. */
  optional(name: string): string | undefined {
    this.known.add(name);
    const value = this.env[name]?.trim();
    return value === undefined || value === '' ? undefined : value;
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  int(name: string, fallback: number, range: { min: number; max: number }): number {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (Number.isInteger(number) && number >= range.min && number <= range.max) return number;
    this.faults.push(`${name} must be a whole number from ${range.min} to ${range.max}, not "${value}"`);
    return fallback;
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const found = values.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    this.faults.push(`${name} must be one of ${values.join(', ')}, not "${value}"`);
    return fallback;
  }

  url(name: string): string | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    const fault = faultOfHttpUrl(value);
    if (fault === null) return value.replace(/\/+$/, '');
    this.faults.push(`${name} ${fault}`);
    return undefined;
  }

  list(name: string): string[] | undefined {
    return this.optional(name)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
}
