import { describe, expect, it } from '@jest/globals';
import type { AuthOptions } from '../../../packages/virtual-camera/src/auth.js';
import { AuthGate, digestResponse, parseAuthParameters } from '../../../packages/virtual-camera/src/auth.js';
import { NO_ODDITIES } from '../../../packages/virtual-camera/src/oddities/oddities.js';
import { RtspReader, formatResponse } from '../../../packages/virtual-camera/src/rtsp/message.js';
import { asksLogin } from '../../../packages/virtual-camera/src/rtsp/refusals.js';

const LOGIN = { realm: 'Caméra', schemes: ['digest'], username: 'admin', password: '' } as const;

function answer(challenge: string, changes: Record<string, string> = {}): string {
  const { realm = '', nonce = '', algorithm = '' } = parseAuthParameters(challenge.replace('Digest ', ''));
  const values = {
    username: 'admin',
    realm,
    nonce,
    uri: 'rtsp://x/main',
    ...(algorithm ? { algorithm } : {}),
    ...changes,
  };
  const response = digestResponse({ ...values, password: '', method: 'DESCRIBE' });
  return `Digest ${Object.entries({ ...values, response })
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}`;
}

describe('an odd login', () => {
  it('may have an empty password, which is not the same as none', () => {
    const gate = new AuthGate(LOGIN);
    expect(gate.isOpen).toBe(false);
    expect(gate.check(undefined, 'DESCRIBE')).toBe('missing');
    expect(gate.check(answer(gate.challenges()[0] ?? ''), 'DESCRIBE')).toBe('ok');
  });

  it.each<[Partial<AuthOptions>, RegExp[]]>([
    [{ algorithms: ['sha-256'] }, [/algorithm=SHA-256/]],
    [{ algorithms: ['sha-256', 'md5'] }, [/algorithm=SHA-256/, /algorithm=MD5/]],
    [{ qop: 'auth,auth-int' }, [/qop="auth,auth-int"/]],
    [{ schemes: ['basic'] }, [/^Basic realm="Caméra"$/]],
  ])('offers %j', (changes, expected) => {
    const challenges = new AuthGate({ ...LOGIN, ...changes }).challenges();
    expect(challenges).toEqual(expected.map((each) => expect.stringMatching(each)));
  });

  it('takes no algorithm that it does not name', () => {
    const gate = new AuthGate({ ...LOGIN, algorithms: ['sha-256'] });
    const [challenge = ''] = gate.challenges();
    expect(gate.check(answer(challenge), 'DESCRIBE')).toBe('ok');
    expect(gate.check(answer(challenge, { algorithm: 'MD5' }), 'DESCRIBE')).toBe('wrong');
  });

  it('is asked for from the request on that the camera says', () => {
    const asked = (loginFrom: 'setup' | 'play' | null) =>
      ['DESCRIBE', 'SETUP', 'PLAY'].map((method) => asksLogin({ ...NO_ODDITIES, loginFrom }, method));
    expect([asked(null), asked('setup'), asked('play')]).toEqual([
      [true, true, true],
      [false, true, true],
      [false, false, true],
    ]);
  });

  it('sends a realm in Latin-1 and knows it again, whichever bytes come back', () => {
    const gate = new AuthGate({ ...LOGIN, realmCharset: 'latin1' });
    const response = formatResponse({ status: 401, headers: { 'WWW-Authenticate': gate.challenges() } }, '1', 'latin1');
    expect(response.includes(Buffer.from('realm="Cam\xe9ra"', 'latin1'))).toBe(true);
    const nonce = /nonce="(\w+)"/.exec(response.toString('latin1'))?.[1] ?? '';
    const values = { username: 'admin', realm: 'Caméra', nonce, uri: 'rtsp://x/main' };
    const hash = digestResponse({ ...values, password: '', method: 'DESCRIBE' }, 'latin1');
    for (const charset of ['latin1', 'utf8'] as const) {
      const fields = `username="admin", realm="Caméra", nonce="${nonce}", uri="${values.uri}", response="${hash}"`;
      const request = `DESCRIBE rtsp://x/main RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest ${fields}\r\n\r\n`;
      const [read] = new RtspReader().read(Buffer.from(request, charset));
      expect(gate.check(read?.headers['authorization'], 'DESCRIBE')).toBe('ok');
    }
  });
});
