import { describe, expect, it } from '@jest/globals';
import { findDoubles, heardSessions } from '../../../tools/faults/heard.js';
import { frames, sentReport } from './evidence.js';

describe('what clients could hear', () => {
  it('is what had left the camera when they ended', () => {
    const report = sentReport({ first: 10, last: 20, flushed: 17 }, { first: 30, last: 32 });
    expect(heardSessions(report, 'main')).toEqual([frames(10, 18), frames(30, 33)]);
    expect(heardSessions(report, 'sub')).toEqual([]);
  });

  it('is without frames that were damaged on their way', () => {
    const report = sentReport({ first: 10, last: 20 });
    report.sessions[0]!.ranges[0]!.damaged = true;
    expect(heardSessions(report, 'main')).toEqual([[]]);
  });
});

describe('captures of one camera at once', () => {
  it('are named when they last longer than an FFmpeg takes to die', () => {
    expect(findDoubles(sentReport({ first: 0, last: 100 }, { first: 0, last: 99 }), 'main')).toHaveLength(1);
    expect(findDoubles(sentReport({ first: 0, last: 100 }, { first: 50, last: 200 }), 'main')).toEqual([]);
    expect(findDoubles(sentReport({ first: 0, last: 100 }, { first: 101, last: 200 }), 'main')).toEqual([]);
  });
});
