import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, typeOf } from '../../src/common/error-catalogue.js';
import { formatErrorsMarkdown } from '../../src/errors-page.js';

const PATH = new URL('../../docs/errors.md', import.meta.url);

describe('the list of errors', () => {
  it('is the one in docs/errors.md: after a change of the catalogue run `npm run openapi`', () => {
    const text = formatErrorsMarkdown();
    if (process.env['UPDATE_OPENAPI']) writeFileSync(PATH, text);
    expect(text).toBe(readFileSync(PATH, 'utf8'));
  });

  it('has every error once, where its type leads', () => {
    const anchors = [...formatErrorsMarkdown().matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!);
    expect([...anchors].sort()).toEqual([...ERROR_CODES].sort());
    expect(anchors.map((id) => new URL(typeOf(id as (typeof ERROR_CODES)[number]), 'http://x').hash)).toEqual(
      anchors.map((id) => `#${id}`),
    );
  });

  it('names the status of an answer, and where else a code is met', () => {
    const lineOf = (code: string) =>
      formatErrorsMarkdown()
        .split('\n')
        .find((line) => line.includes(`id="${code}"`));
    expect(lineOf('PLAYBACK.NOT_READY')).toMatch(/\| 409 \| the caller \| yes \|/);
    expect(lineOf('RECORDING.STALLED')).toMatch(/\| – \(failure\) \| the camera \| yes \|/);
    expect(lineOf('CONFIG.INVALID')).toMatch(/\| – \(log\) \| the caller \| no \|/);
  });
});
