import { describe, expect, it } from '@jest/globals';
import { ToldJumps, toldStream } from '../../../../src/modules/capture/domain/told-jumps.js';

describe('toldStream', () => {
  it.each([
    ['DTS 4179841024, next:2304000 st:1 invalid dropping', '1'],
    ['PTS 3971339533, next:4095967 invalid dropping st:0', '0'],
    ['[vist#0:0/h264 @ 0x5581] DTS -3600000, next:2304000 st:0 invalid dropping', '0'],
  ])('knows the words of each FFmpeg: %s', (line, stream) => expect(toldStream(line)).toBe(stream));

  it.each([
    '[mp4 @ 0x5581] pts has no value',
    '[rtsp @ 0x5581] max delay reached. need to consume packet',
    '[mp4 @ 0x5581] Packet duration: 3970970896 / dts: 3972077536 is out of range',
    'Non-monotonous DTS in output stream 0:0; previous: 811438, current: 807837; changing to 811439.',
  ])('takes nothing else for one: %s', (line) => expect(toldStream(line)).toBeNull());
});

describe('ToldJumps', () => {
  const HOUR_MS = 3_600_000;
  const [PICTURES, SOUND] = ['0', '1'];

  /** A session for each list of jumps: when, in ms after its start, and of what. */
  function play(...sessions: [number, string][][]) {
    const jumps = new ToldJumps();
    return sessions.map((told, index) => {
      const startMs = index * 100 * HOUR_MS;
      jumps.begin(startMs);
      return told.map(([ms, stream]) => jumps.tell(stream, startMs + ms));
    });
  }
  const both = (ms: number): [number, string][] => [
    [ms, SOUND],
    [ms + 40, PICTURES],
    [ms + 80, SOUND],
  ];

  it('ends the session in which times jump, once', () => {
    const ended = ['ends', null, null];
    expect(play(both(HOUR_MS), both(HOUR_MS))).toEqual([ended, ended]);
    expect(play(both(100), [], both(100))).toEqual([ended, [], ended]);
  });

  it('lets a camera go on that begins every session with a jump of the same track', () => {
    const sound = (ms: number): [number, string][] => [
      [ms, SOUND],
      [ms + 40, SOUND],
      [HOUR_MS, SOUND],
    ];
    const goesOn = ['goes-on', null, null];
    expect(play(sound(100), sound(5_000), sound(30_000))).toEqual([['ends', null, null], goesOn, goesOn]);
  });

  it('ends it all the same when the other track jumps too', () => {
    expect(play(both(100), both(100))).toEqual([
      ['ends', null, null],
      ['goes-on', 'ends', null],
    ]);
    const later: [number, string][] = [
      [100, SOUND],
      [HOUR_MS, PICTURES],
    ];
    expect(play(both(100), later)[1]).toEqual(['goes-on', 'ends']);
    expect(play([[100, SOUND]], [[100, PICTURES]])).toEqual([['ends'], ['ends']]);
  });

  it('ends a session that jumps soon after the one that jumped late', () => {
    expect(play(both(HOUR_MS), [[100, SOUND]], [[100, SOUND]])).toEqual([['ends', null, null], ['ends'], ['goes-on']]);
  });
});
