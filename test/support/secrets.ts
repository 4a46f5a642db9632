import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { currentTestRun, type TestRun } from './test-run.js';

const remembered = new Set<string>();

/** A secret that this test hands to the service: from now on no log may hold it. @returns the same */
export function secret(text: string): string {
  if (!remembered.has(text)) appendFileSync(currentTestRun().secretsFile, `${JSON.stringify(text)}\n`);
  remembered.add(text);
  return text;
}

/** Where `text` holds a secret of this process's tests, in any spelling; one sentence each. */
export function findSecrets(text: string, secrets: Iterable<string> = remembered): string[] {
  return [...secrets].flatMap((each) => {
    const seen = new Set<string>();
    return [...spellingsOf(each)].flatMap(([spelling, written]) => {
      if (seen.has(written)) return [];
      seen.add(written);
      const at = text.indexOf(written);
      if (at < 0) return [];
      const line = text.slice(text.lastIndexOf('\n', at) + 1, at + written.length + 40).slice(-400);
      return [`a secret stands there (${spelling}): …${line.split('\n')[0]}`];
    });
  });
}

/** Looks for every secret of the run in every log of the run. */
export async function findLeakedSecrets({ logDir, secretsFile }: TestRun): Promise<string[]> {
  const secrets = await readFile(secretsFile, 'utf8').catch(() => '');
  const all = new Set(
    secrets
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as string),
  );
  const found: string[] = [];
  for (const name of await readdir(logDir)) {
    const text = await readFile(join(logDir, name), 'utf8');
    found.push(...findSecrets(text, all).map((fault) => `${name}: ${fault}`));
  }
  return found;
}

/** Written apart from the product's own list, so that a spelling which is forgotten there is found here. */
export function spellingsOf(text: string): Map<string, string> {
  const bytes = Buffer.from(text);
  const percent = encodeURIComponent(text);
  const strict = percent.replace(/[!'()*~._-]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const all = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
  const lower = (escaped: string) => escaped.replace(/%../g, (hex) => hex.toLowerCase());
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const xml = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  return new Map([
    ['plain', text],
    ['as Latin-1', bytes.toString('latin1')],
    ['percent-encoded', percent],
    ['percent-encoded, lower case', lower(percent)],
    ['percent-encoded, strict', strict],
    ['percent-encoded, strict and lower case', lower(strict)],
    ['percent-encoded, every byte', all],
    ['percent-encoded as a form', new URLSearchParams([['', text]]).toString().slice(1)],
    ['encoded as a URL', encodeURI(text)],
    ['percent-encoded twice', encodeURIComponent(percent)],
    ['JSON', json],
    ['JSON in JSON', JSON.stringify(json).slice(1, -1)],
    ['JSON in ASCII', ascii],
    ['XML', xml],
    ['hex', bytes.toString('hex')],
    ...[0, 1, 2].flatMap((shift): [string, string][] => {
      const inside = base64Inside(bytes, shift);
      const url = inside.replace(/\+/g, '-').replace(/\//g, '_');
      return [
        [`base64, shifted by ${shift}`, inside],
        [`base64url, shifted by ${shift}`, url],
      ];
    }),
  ]);
}

/** The characters of a base64 text that `bytes` alone decide when they stand `shift` bytes behind a group's start, as in `user:password`. */
function base64Inside(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const uncertain = (shift + bytes.length) % 3 === 0 ? 0 : 1;
  return text.slice(shift === 0 ? 0 : shift + 1, text.length - uncertain);
}
