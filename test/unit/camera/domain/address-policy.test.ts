import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAllowed } from '../../../../src/modules/camera/domain/address-policy.js';
import { parseHost } from '../../../../src/modules/camera/domain/host.js';

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];

describe('isAllowed', () => {
  it.each([
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.9',
    'fd00::2',
    '::ffff:10.1.2.3',
    '64:ff9b::10.1.2.3',
    '::10.1.2.3',
  ])('lets %s through with private networks', (ip) => {
    expect(isAllowed(ip, PRIVATE)).toBe(true);
  });

  it.each([
    '8.8.8.8',
    '127.0.0.1',
    '::1',
    '0.0.0.0',
    '::',
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    'fd00:ec2::254',
    'fe80::1',
    '172.32.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '2001:4860::8888',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:8.8.8.8',
    '::ffff:100.100.100.200',
    '64:ff9b::169.254.169.254',
    '::127.0.0.1',
    '2002:a01:203::1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '10.1',
    'fe80::1%eth0',
    'fd00::1%eth0',
    'camera.lan',
    '',
  ])('refuses %j with private networks', (ip) => {
    expect(isAllowed(ip, PRIVATE)).toBe(false);
  });

  it('opens loopback, link-local and reserved networks only when they are listed as such', () => {
    const everything = ['0.0.0.0/0', '::/0'];
    for (const ip of ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '240.0.0.1', '192.0.2.1', '::ffff:127.0.0.1']) {
      expect([ip, isAllowed(ip, everything)]).toEqual([ip, false]);
    }
    expect(isAllowed('8.8.8.8', everything)).toBe(true);
    expect(isAllowed('127.0.0.1', ['127.0.0.0/8'])).toBe(true);
    expect(isAllowed('::1', ['::1/128'])).toBe(true);
    expect(isAllowed('169.254.1.1', ['169.254.0.0/16'])).toBe(true);
    expect(isAllowed('192.0.2.1', ['192.0.2.0/24'])).toBe(true);
  });

  it('opens a metadata address only when it alone is listed', () => {
    expect(isAllowed('169.254.169.254', ['169.254.0.0/16'])).toBe(false);
    expect(isAllowed('169.254.169.254', ['169.254.169.254/32'])).toBe(true);
    expect(isAllowed('100.100.100.200', ['100.100.100.200/32'])).toBe(true);
  });

  it('never opens the unspecified address or multicast', () => {
    expect(isAllowed('0.0.0.0', ['0.0.0.0/0', '0.0.0.0/32'])).toBe(false);
    expect(isAllowed('::', ['::/0', '::/128'])).toBe(false);
    expect(isAllowed('239.1.1.1', ['239.0.0.0/8'])).toBe(false);
  });

  it('judges an IPv4 address the same however IPv6 wraps it', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(octets, (parts) => {
        const ip = parts.join('.');
        const plain = isAllowed(ip, PRIVATE);
        expect(isAllowed(`::ffff:${ip}`, PRIVATE)).toBe(plain);
        expect(isAllowed(`64:ff9b::${ip}`, PRIVATE)).toBe(plain);
      }),
    );
  });

  it('throws for no text at all', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof isAllowed(text, PRIVATE) === 'boolean'));
  });
});

describe('parseHost', () => {
  it.each([
    ['192.168.1.10', { kind: 'address', address: '192.168.1.10' }],
    ['[FD00:0:0::2]', { kind: 'address', address: 'fd00::2' }],
    ['fd00::2', { kind: 'address', address: 'fd00::2' }],
    ['Camera_3.lan', { kind: 'name', name: 'camera_3.lan' }],
    ['3com', { kind: 'name', name: '3com' }],
  ])('reads %s', (text, host) => {
    expect(parseHost(text)).toEqual(host);
  });

  it.each([
    '',
    '.',
    '1',
    '10.1',
    '010.0.0.1',
    '0x7f.0.0.1',
    'a.0x1',
    'a b',
    'a/b',
    'a@b',
    'a:80',
    '[::1',
    '-a',
    'a-',
    'a..b',
    'ü.lan',
    'x'.repeat(64),
    'fe80::1%1',
  ])('refuses %j', (text) => {
    expect(parseHost(text)).toBeUndefined();
  });
});
