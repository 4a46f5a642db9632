import { describe, expect, it } from '@jest/globals';
import { ToldJumps } from '../../../../src/modules/recording/domain/told-jumps.js';

const SOUND = 'DTS 4179841024, next:2304000 st:1 invalid dropping';
const PICTURES = 'PTS 3971339533, next:4095967 invalid dropping st:0';

describe('ToldJumps', () => {
  it('knows of a jump when every track has jumped', () => {
    const jumps = new ToldJumps(2);
    expect([SOUND, SOUND, PICTURES].map((line) => jumps.hear(line))).toEqual([false, false, true]);
    expect(new ToldJumps(1).hear(PICTURES)).toBe(true);
  });

  it.each([
    'pts has no value',
    '[rtsp @ 0x5581] max delay reached. need to consume packet',
    'Packet duration: 3970970896 / dts: 3972077536 is out of range',
    'Non-monotonous DTS in output stream 0:0; previous: 811438, current: 807837; changing to 811439.',
  ])('takes nothing else for one: %s', (line) => {
    expect(new ToldJumps(1).hear(line)).toBe(false);
  });
});
