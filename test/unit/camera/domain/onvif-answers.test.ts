import { describe, expect, it } from '@jest/globals';
import { readMediaUri, readProfiles } from '../../../../src/modules/camera/domain/onvif-answers.js';
import {
  parseServiceAddress,
  readCapabilities,
  readServices,
} from '../../../../src/modules/camera/domain/onvif-services.js';
import { parseXml, type XmlElement } from '../../../../src/modules/camera/domain/xml.js';

function element(xml: string): XmlElement {
  const [first] = parseXml(xml)?.children ?? [];
  if (!first) throw new Error(`no XML: ${xml}`);
  return first;
}

const none = { codec: null, width: null, height: null, fps: null };
const profiles = (inside: string) => readProfiles(element(`<GetProfilesResponse>${inside}</GetProfilesResponse>`));

describe('readProfiles', () => {
  it('reads Media and Media2 alike', () => {
    const encoder =
      '<tt:Encoding> H264 </tt:Encoding><tt:Resolution><tt:Width>1920</tt:Width><tt:Height>1080</tt:Height></tt:Resolution>' +
      '<tt:RateControl><tt:FrameRateLimit>25.0</tt:FrameRateLimit></tt:RateControl>';
    const full = { token: 'a', name: 'Main', codec: 'H264', width: 1920, height: 1080, fps: 25 };
    expect(
      profiles(
        `<Profiles token="a"><Name>Main</Name><VideoEncoderConfiguration>${encoder}</VideoEncoderConfiguration></Profiles>` +
          `<tr2:Profiles token="a"><Name>Main</Name><Configurations><VideoEncoder>${encoder}</VideoEncoder></Configurations></tr2:Profiles>`,
      ),
    ).toEqual([full, full]);
  });

  it.each([
    '',
    '<Name/>',
    '<Configurations/>',
    '<Configurations><VideoEncoder/></Configurations>',
    '<VideoEncoderConfiguration/>',
    '<VideoEncoderConfiguration><Resolution/><RateControl/></VideoEncoderConfiguration>',
    '<VideoEncoderConfiguration><Resolution><Width/><Height>x</Height></Resolution></VideoEncoderConfiguration>',
  ])('takes a profile that has only %j, beside a good one', (inside) => {
    const found = profiles(
      `<Profiles token="bad">${inside}</Profiles><Profiles/><Profiles token=" "/><Profiles token="good"><Name>b</Name></Profiles>`,
    );
    expect(found).toEqual([
      { token: 'bad', name: '', ...none },
      { token: 'good', name: 'b', ...none },
    ]);
    expect(profiles('')).toEqual([]);
  });

  it.each(['0', '1', '007', '1.0', '-3', '12345678901234567890', '1e5', '0x10', 'true', '2026-01-31T12:00:00Z', 'é 1'])(
    'keeps the token %s as it is',
    (token) => {
      expect(profiles(`<Profiles token="${token}"/>`)).toMatchObject([{ token }]);
    },
  );
});

describe('readMediaUri', () => {
  const uriIn = (inside: string) => readMediaUri(element(`<GetStreamUriResponse>${inside}</GetStreamUriResponse>`));

  it.each([
    '<MediaUri><Uri>rtsp://h/1</Uri></MediaUri>',
    '<Uri>rtsp://h/1</Uri>',
    '<MediaUri/><MediaUri><Uri/><Uri>\r\n\t rtsp://h/1 \n</Uri></MediaUri>',
    '<StreamUri><Uri>rtsp://h/1</Uri></StreamUri>',
    '<MediaUri><uri><![CDATA[rtsp://h/1]]></uri></MediaUri>',
  ])('finds it in %s', (inside) => {
    expect(uriIn(inside)).toBe('rtsp://h/1');
  });

  it.each([
    '',
    '<MediaUri/>',
    '<MediaUri><Uri/></MediaUri>',
    '<Uri> \n </Uri>',
    '<Uri><a/></Uri>',
    '<Uri><Uri>x</Uri></Uri>',
  ])('finds none in %j', (inside) => {
    expect(uriIn(inside)).toBeUndefined();
  });
});

describe('the services of a device', () => {
  const service = (namespace: string, xaddr: string) =>
    `<Service><Namespace>${namespace}</Namespace><XAddr>${xaddr}</XAddr></Service>`;
  const media = 'http://www.onvif.org/ver10/media/wsdl';
  const media2 = 'http://www.onvif.org/ver20/media/wsdl';
  const servicesIn = (inside: string) => readServices(element(`<GetServicesResponse>${inside}</GetServicesResponse>`));
  const at = { path: '/m', at: { host: '192.168.1.9', port: 80 } };

  it('are read from GetServices, Media2 first', () => {
    const others =
      service('http://www.onvif.org/ver20/ptz/wsdl', 'http://h/p') + service('http://www.axis.com/media', 'x');
    expect(
      servicesIn(`<Service/>${service(` ${media}\n`, ' http://192.168.1.9/m\n')}${others}${service(media2, '')}`),
    ).toEqual([
      { version: 2, address: null },
      { version: 1, address: at },
    ]);
    expect(servicesIn(service(media, '') + service(media, 'http://192.168.1.9/m'))).toEqual([
      { version: 1, address: at },
    ]);
    expect(servicesIn('')).toEqual([]);
  });

  it('are read from GetCapabilities, whatever else is missing', () => {
    const capabilitiesIn = (inside: string) =>
      readCapabilities(element(`<GetCapabilitiesResponse>${inside}</GetCapabilitiesResponse>`));
    const xaddr = '<XAddr>http://192.168.1.9/m</XAddr>';
    expect(capabilitiesIn(`<Capabilities><Device/><Media>${xaddr}</Media></Capabilities>`)).toEqual([
      { version: 1, address: at },
    ]);
    expect(
      capabilitiesIn(`<Capabilities><Media/><Extension><Media2>${xaddr}</Media2></Extension></Capabilities>`),
    ).toEqual([{ version: 2, address: at }]);
    expect([capabilitiesIn(''), capabilitiesIn('<Capabilities/>')]).toEqual([[], []]);
  });

  it.each([
    ['http://192.168.1.9/m', at],
    ['  http://192.168.1.9:80/m\r\n', at],
    ['HTTP://192.168.1.9/m', at],
    ['http://192.168.1.9\n  /m', at],
    ['http://[fd00::2]:8080/a b?c=é', { path: '/a%20b?c=%C3%A9', at: { host: 'fd00::2', port: 8080 } }],
    ['https://192.168.1.9/s http://192.168.1.9/m', at],
    ['http://192.168.1.9/m http://10.0.0.1/n', at],
    ['https://192.168.1.9/m', { path: '/m', at: null }],
    ['http://192.168.1.9:0/m', { path: '/m', at: null }],
    ['http://0x7f000001/m', { path: '/m', at: null }],
    ['http:///m', { path: '/m', at: null }],
    ['http://192.168.1.9', { path: '/', at: { host: '192.168.1.9', port: 80 } }],
    ['/m', { path: '/m', at: null }],
    ['', null],
    ['::', null],
    [`http://h/${'a'.repeat(600)}`, null],
    [' '.repeat(500_000), null],
  ])('%j is read as an address', (text, address) => {
    expect(parseServiceAddress(text)).toEqual(address);
  });
});
