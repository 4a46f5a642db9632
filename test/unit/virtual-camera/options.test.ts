import { describe, expect, it } from '@jest/globals';
import { UsageError, parseCommandLine } from '../../../packages/virtual-camera/src/cli-options.js';
import { VIDEO_DEFAULTS, checkVideoParameters, loopSec } from '../../../packages/virtual-camera/src/clip/parameters.js';
import { planStreams } from '../../../packages/virtual-camera/src/options.js';

describe('loopSec', () => {
  it.each([
    [0.2, 20],
    [1, 20],
    [2, 20],
    [3, 24],
    [4, 20],
    [7, 28],
    [10, 20],
    [60, 60],
  ])('with a key frame every %d s the loop is %d s', (gopSec, expected) => {
    expect(loopSec({ ...VIDEO_DEFAULTS, gopSec })).toBe(expected);
  });
});

describe('checkVideoParameters', () => {
  it('names everything that is wrong', () => {
    const check = () => checkVideoParameters({ ...VIDEO_DEFAULTS, width: 641, fps: 0, bitrateKbps: 1 });
    expect(check).toThrow(/width.*fps.*bitrateKbps/);
  });

  it('asks MJPEG for whole blocks and no B-frames', () => {
    expect(() => checkVideoParameters({ ...VIDEO_DEFAULTS, codec: 'mjpeg', height: 180, bFrames: 1 })).toThrow(
      /height must be a multiple of 8.*no B-frames/,
    );
  });
});

describe('planStreams', () => {
  it('gives a main stream and a small H.264 one', () => {
    const [main, sub] = planStreams({ profile: 'h264-bframes', gopSec: 4 });
    expect(main).toMatchObject({
      name: 'main',
      audio: 'aac',
      video: { codec: 'h264', bFrames: 2, gopSec: 4, width: 640 },
    });
    expect(sub).toMatchObject({
      name: 'sub',
      audio: 'aac',
      video: { codec: 'h264', bFrames: 0, gopSec: 4, width: 320 },
    });
  });

  it('refuses a name that has no place in a URL', () => {
    expect(() => planStreams({ streams: [{ name: 'a/b' }] })).toThrow('a/b');
  });
});

describe('parseCommandLine', () => {
  it('gives each camera ports and a name of its own', () => {
    const cameras = parseCommandLine([
      '--count',
      '2',
      '--profile',
      'h265',
      '--gop',
      '0.4',
      '--password',
      'x',
      '--username',
      'a',
    ]);
    expect(cameras).toMatchObject([
      { name: 'Virtual Camera 1', profile: 'h265', gopSec: 0.4, rtspPort: 8554, onvifPort: 8080, username: 'a' },
      { name: 'Virtual Camera 2', rtspPort: 8555, onvifPort: 8081, password: 'x' },
    ]);
  });

  it('leaves port 0 to the system for every camera', () => {
    const cameras = parseCommandLine(['--count', '2', '--rtsp-port', '0', '--onvif-port', '0']);
    expect(cameras).toMatchObject([{ rtspPort: 0 }, { rtspPort: 0, onvifPort: 0 }]);
  });

  it('gives each camera a control port when it is asked for', () => {
    expect(parseCommandLine(['--count', '2', '--control-port', '9000'])).toMatchObject([
      { controlPort: 9000 },
      { controlPort: 9001 },
    ]);
    expect(parseCommandLine(['--control-port', '0', '--control-host', '0.0.0.0'])).toMatchObject([
      { controlPort: 0, controlHost: '0.0.0.0' },
    ]);
    expect(parseCommandLine([])).not.toMatchObject([{ controlPort: expect.anything() }]);
  });

  it('knows --help', () => {
    expect(parseCommandLine(['--help'])).toBe('help');
  });

  it.each([
    [['--profile', 'h263'], '--profile must be one of h264-pcmu'],
    [['--count', '0'], '--count must be a whole number from 1 to 500'],
    [['--count', 'many'], 'not "many"'],
    [['--rtsp-port', '70000'], '--rtsp-port'],
    [['--count', '100', '--onvif-port', '65500'], '--onvif-port'],
    [['--control-port', '-1'], '--control-port'],
    [['--control-host', '0.0.0.0'], '--control-host needs --control-port'],
    [['--gop', '0'], '--gop'],
    [['--gop', '0.03'], 'gopSec'],
    [['--auth', 'ntlm'], '--auth'],
    [['--username', 'a'], '--username needs --password'],
    [['--colour'], '--colour'],
    [['stray'], 'stray'],
  ])('refuses %j with a reason', (args, reason) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
    expect(() => parseCommandLine(args)).toThrow(reason);
  });
});
