import ipaddr from 'ipaddr.js';

/** Where a camera lives: an address written out, or a name that DNS must resolve. */
export type Host = { kind: 'address'; address: string } | { kind: 'name'; name: string };

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Reads a host as it stands in a URL or a field: `192.168.1.10`, `[fd00::2]`, `fd00::2`, `camera-3.lan`.
 * Other spellings of IPv4 (`0x7f000001`, `2130706433`, `010.0.0.1`, `127.1`) are refused, because the resolver of the
 * operating system reads them as addresses that nobody sees in them; zones (`fe80::1%eth0`) too.
 * @returns undefined when it is no host
 */
export function parseHost(text: string): Host | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return { kind: 'address', address: text };
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (/^[0-9a-f:.]+$/i.test(bare) && bare.includes(':')) {
    return ipaddr.IPv6.isValid(bare) ? { kind: 'address', address: ipaddr.IPv6.parse(bare).toString() } : undefined;
  }
  return isHostName(text) ? { kind: 'name', name: text.toLowerCase() } : undefined;
}

/** Writes a host as a URL needs it: IPv6 in brackets. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** A name whose last label is a number is an odd spelling of an IPv4 address (https://url.spec.whatwg.org/#ends-in-a-number-checker). */
function isHostName(text: string): boolean {
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  return text.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^(\d+|0x[0-9a-f]*)$/i.test(last);
}
