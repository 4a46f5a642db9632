import { describe, expect, it } from '@jest/globals';
import { sumUnreadBytes } from '../../../../src/ffmpeg/domain/tcp-table.js';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const IPV4 = [
  HEAD,
  '   0: 00000000:07E8 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1054 1 0000000016cc0284 100 0 0 10 0',
  '   1: 0100007F:C350 0100007F:22BA 01 00000010:0001A8D9 00:00000000 00000000  1000        0 4711 1 0000000016cc0285 20 4 30 10 -1',
  '  12: 0100007F:C351 0100007F:22BA 01 00000000:00000007 00:00000000 00000000  4711        0 4712 1 0000000016cc0286 20 4 30 10 -1',
  '',
].join('\n');
const IPV6 = [
  HEAD,
  '   0: 0000000000000000FFFF00000100007F:C350 0000000000000000FFFF00000100007F:22BA 01 00000000:00000100 00:00000000 00000000  1000        0 4713 1 0000000016cc0287 20 4 30 10 -1',
].join('\n');

describe('sumUnreadBytes', () => {
  it('counts what waits to be read, in the named sockets alone', () => {
    expect(sumUnreadBytes(IPV4, new Set(['4711']))).toBe(0x1a8d9);
    expect(sumUnreadBytes(IPV4, new Set(['4711', '4712', '99']))).toBe(0x1a8d9 + 7);
    expect(sumUnreadBytes(IPV6, new Set(['4711', '4713']))).toBe(256);
  });

  it('finds nothing where there is nothing', () => {
    expect(sumUnreadBytes('', new Set(['4711']))).toBe(0);
    expect(sumUnreadBytes(HEAD, new Set(['inode', '4711']))).toBe(0);
    expect(sumUnreadBytes(IPV4, new Set())).toBe(0);
  });
});
