import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Ranges that an allowed network covers like any other. */
const ORDINARY = new Set(['unicast', 'private', 'uniqueLocal', 'carrierGradeNat']);
/** Never a camera, whatever the list says: `0.0.0.0` reaches this machine itself. */
const NEVER = new Set(['unspecified', 'multicast', 'broadcast']);
/** Services with secrets that clouds put at fixed addresses, two of them inside private networks: only allowed when listed as a single address. */
const METADATA = new Set(['169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254']);

/**
 * Whether a camera or stream may be at `ip`. An IPv4 address inside IPv6 (mapped, NAT64, compatible) counts as that IPv4 address.
 * Loopback, link-local and reserved addresses need a network of their own kind in the list; `0.0.0.0/0` does not open them.
 * @param cidrs allowed networks, such as `192.168.0.0/16`
 */
export function isAllowed(ip: string, cidrs: readonly string[]): boolean {
  if (ip.includes('%') || !(ipaddr.IPv4.isValidFourPartDecimal(ip) || ipaddr.IPv6.isValid(ip))) return false;
  const address = unwrap(ipaddr.parse(ip));
  const range = address.range();
  if (NEVER.has(range)) return false;
  return cidrs.some((cidr) => covers(cidr, address, range));
}

function covers(cidr: string, address: Address, range: string): boolean {
  const [network, prefix] = ipaddr.parseCIDR(cidr);
  if (network.kind() !== address.kind() || !matches(address, network, prefix)) return false;
  if (METADATA.has(address.toString())) return prefix === (address.kind() === 'ipv4' ? 32 : 128);
  return ORDINARY.has(range) || network.range() === range;
}

function matches(address: Address, network: Address, prefix: number): boolean {
  if (address instanceof ipaddr.IPv4 && network instanceof ipaddr.IPv4) return address.match(network, prefix);
  if (address instanceof ipaddr.IPv6 && network instanceof ipaddr.IPv6) return address.match(network, prefix);
  return false;
}

/** The IPv4 address inside `::ffff:0:0/96`, `64:ff9b::/96` and `::/96` (but `::` and `::1` are IPv6's own). */
function unwrap(address: Address): Address {
  if (address instanceof ipaddr.IPv4) return address;
  const { parts } = address;
  const prefix = parts.slice(0, 6).join(',');
  const [high = 0, low = 0] = parts.slice(6);
  const wrapped = ['0,0,0,0,0,65535', `${0x64},${0xff9b},0,0,0,0`, '0,0,0,0,0,0'].includes(prefix);
  if (!wrapped || (prefix === '0,0,0,0,0,0' && high === 0 && low <= 1)) return address;
  return new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]);
}
