import { describe, expect, it } from '@jest/globals';
import { ANSWER_LIMITS } from '../../../../src/modules/camera/domain/answer-limits.js';
import { isSdpTooLarge } from '../../../../src/modules/camera/domain/sdp-size.js';
import { parseProbeMatch } from '../../../../src/modules/camera/domain/ws-discovery.js';
import { findXmlExcess } from '../../../../src/modules/camera/domain/xml-size.js';
import { parseChallenges } from '../../../../src/modules/camera/http-auth.js';

const { soapElements, soapDepth, sdpLines, sdpStreams, challenges, discoveryAddresses } = ANSWER_LIMITS;

describe('findXmlExcess', () => {
  it.each([
    ['nothing', ''],
    ['no XML', 'hello <'],
    ['a declaration', '<?xml version="1.0"?><!DOCTYPE a><a/>'],
    ['many elements, one after the other', `<a>${'<b/>'.repeat(soapElements - 1)}</a>`],
    ['many closed ones', `<a>${'<b></b>'.repeat(1_000)}</a>`],
    ['deep ones', '<a>'.repeat(soapDepth) + '</a>'.repeat(soapDepth)],
    ['a > in an attribute', `<a>${'<b c="/>" d=\'>\'></b>'.repeat(1_000)}</a>`],
  ])('lets %s through', (_what, xml) => {
    expect(findXmlExcess(xml)).toBeNull();
  });

  it.each([
    ['elements', '<a/>'.repeat(soapElements + 1), /more than \d+ elements/],
    ['attributes', `<a ${'b="" '.repeat(soapElements)}/>`, /more than \d+ elements/],
    ['elements in each other', '<a>'.repeat(140_000), /deep/],
    ['elements in each other that look closed', '<a b="/">'.repeat(1_000), /deep/],
    ['elements in each other with quotes', `<a b='"/>'>`.repeat(1_000), /deep/],
  ])('refuses too many %s', (_what, xml, said) => {
    expect(findXmlExcess(xml)).toMatch(said);
  });
});

describe('isSdpTooLarge', () => {
  it('counts lines and streams', () => {
    const stream = 'm=video 0 RTP/AVP 96\r\n';
    expect(isSdpTooLarge(stream.repeat(sdpStreams))).toBe(false);
    expect(isSdpTooLarge(stream.repeat(sdpStreams + 1))).toBe(true);
    expect(isSdpTooLarge('a=b\n'.repeat(sdpLines - 1))).toBe(false);
    expect(isSdpTooLarge('a=b\n'.repeat(sdpLines + 1))).toBe(true);
  });
});

describe('parseChallenges', () => {
  it('takes no more than a camera offers', () => {
    expect(parseChallenges(Array<string>(5_000).fill('Digest nonce="n"'))).toHaveLength(challenges);
    expect(parseChallenges([Array<string>(5_000).fill('Basic').join(', ')])).toHaveLength(challenges);
  });

  it('adds no parameter of one header to the challenge of another', () => {
    expect(parseChallenges(['Digest nonce="n"', 'nonce="m"'])).toEqual([{ scheme: 'digest', params: { nonce: 'n' } }]);
  });
});

describe('parseProbeMatch', () => {
  const answer = (xaddrs: string) => `<ProbeMatch><XAddrs>${xaddrs}</XAddrs></ProbeMatch>`;

  it('looks at the first addresses alone, and at no answer of an impossible size', () => {
    const many = Array.from({ length: 200 }, (_, i) => `http://10.0.0.${i}/`).join(' ');
    expect(parseProbeMatch(answer(many), '10.0.0.199')).toMatchObject({ host: '10.0.0.0' });
    expect(parseProbeMatch(answer(many), '')?.xaddrs).toHaveLength(discoveryAddresses);
    expect(parseProbeMatch(answer(`http://10.0.0.1/ ${' '.repeat(ANSWER_LIMITS.discoveryBytes)}`), '')).toBeUndefined();
  });
});
