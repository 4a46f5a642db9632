import { CameraInputError, checkFields, requireObject } from '../faults/input.js';
import type { Oddities } from './oddities.js';
import { ODDITIES, ODDITY_NAMES } from './oddities.js';

const RULES = Object.fromEntries(ODDITY_NAMES.map((name) => [name, ODDITIES[name].rule]));

/** The value as oddities; throws CameraInputError that names every mistake. */
export function checkOddities(value: unknown): Partial<Oddities> {
  const oddities = requireObject('Oddities', value);
  checkFields(oddities, RULES);
  if (oddities['rateSchedule'] && oddities['sentFps']) {
    throw new CameraInputError(['rateSchedule and sentFps exclude each other']);
  }
  return oddities;
}

/** Oddities from `name=value` texts, `name` alone for one that is on; throws CameraInputError that names every mistake. */
export function readOddities(texts: readonly string[]): Partial<Oddities> {
  const typed = new Map<string, string[]>();
  for (const text of texts) {
    const [, name = '', value = ''] = /^([^=]*)=?([^]*)$/.exec(text) ?? [];
    typed.set(name, [...(typed.get(name) ?? []), value]);
  }
  const values = [...typed].map(([name, values]) => {
    const oddity = ODDITY_NAMES.find((each) => each === name);
    return [name, oddity ? ODDITIES[oddity].read(values) : values];
  });
  return checkOddities(Object.fromEntries(values));
}

/** One line for each oddity, for `--help`. */
export function oddityHelp(): string {
  return ODDITY_NAMES.map((name) => `  ${`${name}=${ODDITIES[name].form}`}\n      ${ODDITIES[name].help}`).join('\n');
}
