import { describe, expect, it } from '@jest/globals';
import { isToldJump, ToldJumps } from '../../../../src/modules/recording/domain/told-jumps.js';

describe('isToldJump', () => {
  it.each([
    'DTS 4179841024, next:2304000 st:1 invalid dropping',
    'PTS 3971339533, next:4095967 invalid dropping st:0',
    '[vist#0:0/h264 @ 0x5581] DTS -3600000, next:2304000 st:0 invalid dropping',
  ])('knows the words of each FFmpeg: %s', (line) => expect(isToldJump(line)).toBe(true));

  it.each([
    '[mp4 @ 0x5581] pts has no value',
    '[rtsp @ 0x5581] max delay reached. need to consume packet',
    '[mp4 @ 0x5581] Packet duration: 3970970896 / dts: 3972077536 is out of range',
    'Non-monotonous DTS in output stream 0:0; previous: 811438, current: 807837; changing to 811439.',
  ])('takes nothing else for one: %s', (line) => expect(isToldJump(line)).toBe(false));
});

describe('ToldJumps', () => {
  const HOUR_MS = 3_600_000;

  /** A session for each list of moments, ms after its start, at which a jump is told. */
  function play(...sessions: number[][]) {
    const jumps = new ToldJumps();
    return sessions.map((moments, index) => {
      const startMs = index * 100 * HOUR_MS;
      jumps.begin(startMs);
      return moments.map((ms) => jumps.tell(startMs + ms));
    });
  }

  it('ends the session in which times jump, once', () => {
    expect(play([HOUR_MS, HOUR_MS + 40], [HOUR_MS])).toEqual([['ends', null], ['ends']]);
    expect(play([100, 140], [], [100])).toEqual([['ends', null], [], ['ends']]);
  });

  it('lets a camera go on that begins every session with a jump', () => {
    const told = ['goes-on', null];
    expect(play([100, 140], [5_000, 5_040], [30_000, HOUR_MS])).toEqual([['ends', null], told, told]);
  });

  it('ends a session that jumps soon after the one that jumped late', () => {
    expect(play([HOUR_MS], [100], [100])).toEqual([['ends'], ['ends'], ['goes-on']]);
  });
});
