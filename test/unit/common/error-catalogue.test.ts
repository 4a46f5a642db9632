import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, ERRORS } from '../../../src/common/error-catalogue.js';

const SRC = new URL('../../../src/', import.meta.url).pathname;
const CATALOGUE = 'common/error-catalogue.ts';
const AREAS = [...new Set(ERROR_CODES.map((code) => code.split('.')[0]!))];

interface SourceFile {
  name: string;
  text: string;
}

/** What would put a second source of truth beside the catalogue. */
function faultsOf(files: readonly SourceFile[]): string[] {
  const catalogue = files.find(({ name }) => name === CATALOGUE)!.text;
  const others = files.filter(({ name }) => name !== CATALOGUE);
  return [...doubleEntries(catalogue), ...others.flatMap(faultsIn), ...unusedCodes(others)];
}

function doubleEntries(catalogue: string): string[] {
  const codes = [...catalogue.matchAll(/^ {2}'([A-Z_]+\.[A-Z_]+)':/gm)].map(([, code]) => code!);
  const double = codes.filter((code, index) => codes.indexOf(code) !== index);
  const sentences = [...catalogue.matchAll(/says:\s*(['"])(.*?)\1 ?[,}]/g)].map(([, , says]) => says!);
  const told = sentences.filter((says, index) => sentences.indexOf(says) !== index);
  return [
    ...double.map((code) => `${code} stands twice in the catalogue`),
    ...told.map((says) => `said twice: ${says}`),
  ];
}

function faultsIn({ name, text }: SourceFile): string[] {
  const code = new RegExp(`['"\`]((?:${AREAS.join('|')})\\.[A-Z][A-Z0-9_]*)['"\`]`, 'g');
  const unknown = [...text.matchAll(code)].map(([, found]) => found!).filter((found) => !(found in ERRORS));
  // A sentence between its blanks, when it is long enough to be no chance.
  const pieces = Object.entries(ERRORS).flatMap(([of, { says }]) =>
    says.split(/\{\w+\}/).map((piece) => [of, piece] as const),
  );
  const copied = pieces.filter(([, piece]) => piece.length > 30 && text.includes(piece));
  // Whoever writes a code beside its kind, status or example has made an entry of their own.
  const described = [...text.matchAll(/\{[^{}]*\bcode: '([A-Z_]+\.[A-Z_]+)'[^{}]*\}/g)].filter(([literal]) =>
    /\b(kind|status|fault|detail|title): /.test(literal),
  );
  return [
    ...unknown.map((found) => `${name}: ${found} is not in the catalogue`),
    ...copied.map(([of]) => `${name}: repeats the sentence of ${of}`),
    ...described.map(([, found]) => `${name}: describes ${found} anew`),
  ];
}

function unusedCodes(files: readonly SourceFile[]): string[] {
  const text = files.map((file) => file.text).join('\n');
  return ERROR_CODES.filter((code) => !text.includes(`'${code}'`)).map((code) => `${code} is not used`);
}

function readSources(): SourceFile[] {
  const names = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('migrations/'),
  );
  return names.map((name) => ({ name, text: readFileSync(join(SRC, name), 'utf8') }));
}

describe('the catalogue of errors', () => {
  const sources = readSources();
  const withFile = (text: string) => faultsOf([...sources, { name: 'x.ts', text }]);

  it('is the only place that says what a code means, and holds nothing that nobody uses', () => {
    expect(sources.length).toBeGreaterThan(200);
    expect(faultsOf(sources)).toEqual([]);
  });

  it.each([
    [
      'a code that it does not know',
      `throw new Thing('CAMERA.ON_FIRE')`,
      'x.ts: CAMERA.ON_FIRE is not in the catalogue',
    ],
    [
      'a code with a status of its own',
      `const BUSY = { status: 409, code: 'CAMERA.BUSY' };`,
      'x.ts: describes CAMERA.BUSY anew',
    ],
    [
      'a sentence that is copied',
      `const text = 'You cannot delete the user that you are.';`,
      'x.ts: repeats the sentence of AUTH.OWN_USER',
    ],
  ])('is not alone with %s', (_what, text, fault) => {
    expect(withFile(text)).toEqual([fault]);
  });

  it.each([
    [
      'a code that stands in it twice',
      `\n  'CAMERA.BUSY': { kind: 'conflict' },\n`,
      'CAMERA.BUSY stands twice in the catalogue',
    ],
    [
      'a sentence that stands in it twice',
      `\n  says: 'You cannot delete the user that you are.',\n`,
      'said twice: You cannot delete the user that you are.',
    ],
  ])('is not clear with %s', (_what, text, fault) => {
    const files = sources.map((file) => (file.name === CATALOGUE ? { ...file, text: file.text + text } : file));
    expect(faultsOf(files)).toEqual([fault]);
  });

  it('tells a user what to do or what is wrong, in one sentence each', () => {
    const odd = ERROR_CODES.filter((code) => !/^[A-Z{'].{10,}/s.test(ERRORS[code].says));
    expect(odd).toEqual([]);
  });
});
