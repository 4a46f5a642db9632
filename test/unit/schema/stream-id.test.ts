import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mainStream, parseStreamKey, STREAM_NAMES, type StreamId, streamKey } from '../../../src/schema/stream-id.js';

const CAMERA = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

const streamId: fc.Arbitrary<StreamId> = fc.record({ cameraId: fc.uuid(), stream: fc.constantFrom(...STREAM_NAMES) });

describe('streamKey', () => {
  it('is the bare camera id for the main stream, as folders and locks have always had it', () => {
    expect(streamKey(mainStream(CAMERA))).toBe(CAMERA);
    expect(streamKey({ cameraId: CAMERA, stream: 'sub' })).toBe(`${CAMERA}.sub`);
  });

  it('tells any two streams apart, and back', () => {
    fc.assert(fc.property(streamId, (id) => expect(parseStreamKey(streamKey(id))).toEqual(id)));
  });
});

describe('parseStreamKey', () => {
  it('takes nothing that streamKey does not make', () => {
    const nearly = fc.tuple(fc.uuid(), fc.constantFrom('', '.', '.main', '.sub', '.sub.', '.other', '.sub.sub'));
    const text = fc.oneof(
      fc.string(),
      nearly.map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (each) => {
        const id = parseStreamKey(each);
        if (id) expect(streamKey(id)).toBe(each);
      }),
    );
  });

  it.each(['', '.', '.sub', `${CAMERA}.`, `${CAMERA}.main`, `${CAMERA}.other`, `${CAMERA}.sub.sub`])(
    'refuses %j',
    (text) => expect(parseStreamKey(text)).toBeNull(),
  );
});
