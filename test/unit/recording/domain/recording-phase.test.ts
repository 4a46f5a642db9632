import { describe, expect, it } from '@jest/globals';
import {
  nextPhase,
  type PhaseEvent,
  type RecordingPhase,
} from '../../../../src/modules/recording/domain/recording-phase.js';

const after = (...events: PhaseEvent[]): RecordingPhase => events.reduce(nextPhase, 'follows' as RecordingPhase);

describe('the phase of a recording', () => {
  it('is over when its camera was given back and footage from behind its end has come, in either order', () => {
    expect(after('release', 'pass')).toBe('over');
    expect(after('pass', 'release')).toBe('over');
  });

  it('waits again for its end when that was moved, or footage of its own still comes', () => {
    expect(after('pass', 'goOn')).toBe('follows');
    expect(after('release', 'pass', 'goOn')).toBe('released');
  });

  it('needs its camera again when another event joins', () => {
    expect(after('release', 'demand')).toBe('follows');
    expect(after('release', 'pass', 'demand')).toBe('passed');
  });

  it('stays abandoned, whatever still comes', () => {
    expect(after('abandon', 'goOn', 'pass', 'demand', 'abandon')).toBe('abandoned');
  });

  it('refuses what cannot happen: a camera is given back once, and not by a recording that is gone', () => {
    for (const events of [['release'], ['release', 'pass'], ['abandon']] satisfies PhaseEvent[][])
      expect(() => after(...events, 'release')).toThrow('was asked to "release"');
  });
});
