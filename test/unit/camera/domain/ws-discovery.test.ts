import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildProbe, parseProbeMatch } from '../../../../src/modules/camera/domain/ws-discovery.js';

const answer = (xaddrs: string, scopes = '') =>
  `<e:Envelope><e:Body><d:ProbeMatches><d:ProbeMatch><d:Scopes>${scopes}</d:Scopes><d:XAddrs>${xaddrs}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>`;

describe('parseProbeMatch', () => {
  it('takes the address from which the answer came, name and hardware', () => {
    const xml = answer(
      ' http://[fe80::1]/onvif http://192.168.1.10:8080/onvif/device_service\n',
      'onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/X-1',
    );
    expect(parseProbeMatch(xml, '192.168.1.10')).toEqual({
      host: '192.168.1.10',
      port: 8080,
      name: 'Front door',
      hardware: 'X-1',
      xaddrs: ['http://[fe80::1]/onvif', 'http://192.168.1.10:8080/onvif/device_service'],
    });
    expect(parseProbeMatch(xml, '10.0.0.1')).toMatchObject({ host: 'fe80::1', port: 80 });
  });

  it('reads elements without prefix and with attributes, and broken names', () => {
    const xml =
      '<ProbeMatch><XAddrs a="b">https://cam/x?a=1&amp;b=2</XAddrs><Scopes>onvif://www.onvif.org/name/50%off</Scopes></ProbeMatch>';
    expect(parseProbeMatch(xml, '')).toEqual({
      host: 'cam',
      port: 443,
      name: '50%off',
      hardware: null,
      xaddrs: ['https://cam/x?a=1&b=2'],
    });
  });

  it.each([
    '',
    'hello',
    buildProbe('x'),
    answer(''),
    answer('file:///etc/passwd javascript:alert(1) http:///'),
    '<ProbeMatch><XAddrs>',
    '<ProbeMatch>'.repeat(5000),
  ])('finds nothing in %.30j', (xml) => {
    expect(parseProbeMatch(xml, '192.168.1.10')).toBeUndefined();
  });

  it('throws for no text, and stays quick with a hostile one', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void parseProbeMatch(answer(a, b), b)));
    const begun = performance.now();
    for (const piece of ['<XAddrs ', '<a.b-', '<XAddrs>', 'ProbeMatch', '<a:', ' xmlns'])
      parseProbeMatch(`ProbeMatch${piece.repeat(8000)}`, '');
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
