import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkKey, spriteKey, thumbnailKey, videoKey } from '../../../../src/modules/storage/domain/object-key.js';

const ID = '0b0e7c7e-6f0a-4c39-9f7e-0a7b6d0f5f11';

describe('an object key', () => {
  it('puts a playback where the rest of the world looks for it', () => {
    expect(videoKey(ID)).toBe(`playbacks/${ID}/video.mp4`);
    expect(thumbnailKey(ID)).toBe(`playbacks/${ID}/thumbnail.jpg`);
    expect(spriteKey(ID)).toBe(`playbacks/${ID}/sprite.jpg`);
  });

  it.each(['../../etc', '', '..', '%2e%2e', 'a\n', 'a//b'])('is not made of the id %j', (id) => {
    for (const keyOf of [videoKey, thumbnailKey, spriteKey]) {
      expect(() => keyOf(id)).toThrow(expect.objectContaining({ code: 'STORAGE.BAD_KEY' }));
    }
  });

  it('is taken as it is or refused, and what is taken stays below its root and needs no escaping', () => {
    const segment = fc.oneof(fc.constantFrom('.', '..', '', 'a', '.tmp', 'v.mp4', '%2e'), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
        const key = segments.join('/');
        let taken: string;
        try {
          taken = checkKey(key);
        } catch (error) {
          expect(error).toMatchObject({ code: 'STORAGE.BAD_KEY' });
          return;
        }
        expect(taken).toBe(key);
        expect(new URL(`http://host/root/${key}`).pathname).toBe(`/root/${key}`);
        expect(encodeURI(key)).toBe(key);
      }),
      { numRuns: 2_000 },
    );
  });
});
