import { describe, expect, it } from '@jest/globals';
import { HELP } from '../../../packages/virtual-camera/src/cli-help.js';
import { UsageError, parseCommandLine } from '../../../packages/virtual-camera/src/cli-options.js';
import { readOddities } from '../../../packages/virtual-camera/src/oddities/check-oddities.js';
import { NO_ODDITIES, ODDITY_NAMES } from '../../../packages/virtual-camera/src/oddities/oddities.js';
import { OddityPanel } from '../../../packages/virtual-camera/src/oddities/oddity-panel.js';

describe('readOddities', () => {
  it('reads flags, numbers, words, texts and lists', () => {
    const texts = ['soundNever', 'stampsEqual=false', 'soundStartSec=-2.5', 'backChannel=first', 'realm=Caméra = 1'];
    const lists = ['sdpForm=tab,lf', 'sdpForm=lower-case', 'sdpEdits=s/a/b,c/g', 'sdpEdits=s|x||'];
    expect(readOddities([...texts, ...lists])).toEqual({
      ...{ soundNever: true, stampsEqual: false, soundStartSec: -2.5, backChannel: 'first', realm: 'Caméra = 1' },
      ...{ sdpForm: ['tab', 'lf', 'lower-case'], sdpEdits: ['s/a/b,c/g', 's|x||'] },
    });
  });

  it('names every mistake at once', () => {
    const wrong = () => readOddities(['sentFps=fast', 'soundNever=maybe', 'colour=red', 'sdpEdits=s/(/x/']);
    expect(wrong).toThrow(/sentFps must be a number from 0.1 to 120.*"fast".*soundNever must be true or false/);
    expect(wrong).toThrow(/"colour" is unknown \(known: soundNever.*sdpEdits must have a pattern/);
  });

  it.each([
    ['sentFps=', 'sentFps'],
    ['rateSchedule=25', 'FPS:SEC'],
    ['rateSchedule=0:5', 'rateSchedule'],
    ['otherSize=big', 'WIDTHxHEIGHT'],
    ['sdpForm=tab,upside-down', 'sdpForm'],
    ['sdpEdits=s/a/b', 's/PATTERN/REPLACEMENT/FLAGS'],
  ])('refuses %s', (text, reason) => {
    expect(() => readOddities([text])).toThrow(reason);
  });

  it('refuses two that exclude each other', () => {
    expect(() => readOddities(['sentFps=5', 'rateSchedule=25:1'])).toThrow('exclude each other');
  });
});

describe('--odd and --audio', () => {
  it('gives every camera its oddities', () => {
    const args = ['--count', '2', '--audio', 'opus', '--odd', 'soundNever', '--odd', 'sentFps=21'];
    const odd = { audio: 'opus', oddities: { soundNever: true, sentFps: 21 } };
    expect(parseCommandLine(args)).toMatchObject([odd, odd]);
  });

  it('takes an empty password', () => {
    expect(parseCommandLine(['--username', 'admin', '--password', ''])).toMatchObject([{ password: '' }]);
  });

  it.each([
    [['--odd', 'sentFps=0'], '--odd: sentFps must be'],
    [['--audio', 'mp3'], '--audio must be one of none, aac, pcmu'],
  ])('refuses %j with a reason', (args, reason) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
    expect(() => parseCommandLine(args)).toThrow(reason);
  });

  it('lists each of them in --help', () => {
    for (const name of ODDITY_NAMES) expect(HELP).toContain(`  ${name}=`);
  });
});

describe('OddityPanel', () => {
  it('changes what may be changed, and goes back', () => {
    const panel = new OddityPanel({ ...NO_ODDITIES, sentFps: 5 });
    panel.set({ soundNever: true });
    expect(panel.read()).toEqual({ ...NO_ODDITIES, sentFps: 5, soundNever: true });
    panel.clear();
    expect(panel.read()).toEqual({ ...NO_ODDITIES, sentFps: 5 });
  });

  it('refuses what is decided at the start, and changes nothing then', () => {
    const panel = new OddityPanel({ ...NO_ODDITIES });
    expect(() => panel.set({ soundNever: true, sentFps: 5 })).toThrow('sentFps can be set only when the camera starts');
    expect(panel.read()).toEqual(NO_ODDITIES);
  });
});
