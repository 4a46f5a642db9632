import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type IncidentSubject, subjectWord } from '../../../../src/modules/incident/domain/condition.js';

const id = () => fc.option(fc.uuid(), { nil: undefined });
const subjects = () => fc.record({ cameraId: id(), playbackId: id() });

describe('subjectWord', () => {
  it('fits into its column, and is empty for what is about no single thing', () => {
    const uuid = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
    expect(subjectWord({ cameraId: uuid, playbackId: uuid }, uuid).length).toBeLessThanOrEqual(150);
    expect(subjectWord({}, null)).toBe('');
  });

  it('is the same for the same subject, however it is written', () => {
    fc.assert(
      fc.property(subjects(), fc.option(fc.uuid()), ({ cameraId, playbackId }, nodeId) => {
        const known = Object.entries({ playbackId, cameraId }).filter(([, one]) => one !== undefined);
        const rewritten: IncidentSubject = Object.fromEntries(known);
        expect(subjectWord(rewritten, nodeId)).toBe(subjectWord({ cameraId, playbackId }, nodeId));
      }),
    );
  });

  it('tells apart a camera, its recordings, and those who saw it', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (one, other) => {
        fc.pre(one !== other);
        const words = [
          ...[subjectWord({}, null), subjectWord({ cameraId: one }, null), subjectWord({ cameraId: other }, null)],
          ...[subjectWord({ playbackId: one }, null), subjectWord({ cameraId: one, playbackId: other }, null)],
          ...[subjectWord({}, one), subjectWord({ cameraId: one }, one), subjectWord({ cameraId: one }, other)],
        ];
        expect(new Set(words).size).toBe(words.length);
      }),
    );
  });
});
