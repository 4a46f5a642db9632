import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatNotice, parseNotice } from '../../../../src/modules/recording/domain/recording-notice.js';

describe('what recorders are told of a recording', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.option(fc.uuid()), (cameraId, nodeId) => {
        expect(parseNotice(formatNotice({ cameraId, nodeId }))).toEqual({ cameraId, nodeId });
      }),
    );
  });

  it.each([
    null,
    '',
    'released',
    '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    'recording',
    'recording ',
    'recording a ',
    'recording a b c',
  ])('is nothing else: %j', (text) => expect(parseNotice(text)).toBeNull());

  it('is never read from words of any other kind', () => {
    const words = fc.array(fc.string()).map((parts) => parts.join(' '));
    fc.assert(
      fc.property(words, (text) => {
        const notice = parseNotice(text);
        if (notice) expect(formatNotice(notice)).toBe(text);
      }),
    );
  });
});
