import { encodePath, joinLines } from './answered-text.js';
import { parseHost } from './host.js';
import { children, descendants, find, textOf, type XmlElement } from './xml.js';

/** Where a device says that one of its services is. */
export interface ServiceAddress {
  path: string;
  /** Host and port of a service over HTTP; null: it names none that could be asked. */
  at: { host: string; port: number } | null;
}

/** A service that lists profiles and stream addresses; `address` is null when the device names the service without one. */
export interface MediaService {
  version: 1 | 2;
  address: ServiceAddress | null;
}

const NAMESPACE = /^https?:\/\/www\.onvif\.org\/ver([12])0\/media(?:\/|$)/i;
const MAX_ADDRESS_LENGTH = 1_000;
const MAX_PATH_LENGTH = 500;

/** The media services in a `GetServicesResponse`: the newer first, one of each version, with an address if any of them has one. */
export function readServices(response: XmlElement): MediaService[] {
  const found = children(response, 'service').flatMap((service): MediaService[] => {
    const version = NAMESPACE.exec(textOf(find(service, 'namespace')))?.[1];
    if (version === undefined) return [];
    return [{ version: version === '2' ? 2 : 1, address: parseServiceAddress(textOf(find(service, 'xaddr'))) }];
  });
  return distinct(found);
}

/** The same of a `GetCapabilitiesResponse`, which knows Media in its place, and Media2 in the extension of some makers. */
export function readCapabilities(response: XmlElement): MediaService[] {
  const named = (name: string, version: 1 | 2) =>
    descendants(find(response, 'capabilities'), name)
      .filter((service) => service.children.length > 0)
      .map((service): MediaService => ({ version, address: parseServiceAddress(textOf(find(service, 'xaddr'))) }));
  return distinct([...named('media', 1), ...named('media2', 2)]);
}

/**
 * Reads an `XAddr`. Blanks and line breaks around it do not count, those inside its path are percent-encoded; of a list of
 * addresses the first over HTTP counts; an address without a host is a path.
 * @returns null when nothing can be made of it
 */
export function parseServiceAddress(text: string): ServiceAddress | null {
  if (text.length > MAX_ADDRESS_LENGTH) return null;
  const list = text.trim().split(/\s+(?=https?:\/\/)/i);
  const address = joinLines(list.find((item) => /^http:/i.test(item)) ?? list[0] ?? '');
  const parts = /^(?:(https?):\/\/([^/?#]*))?([/?][^#]*)?(?:#.*)?$/is.exec(address);
  if (!parts || address === '') return null;
  const [, scheme, authority = '', tail = '/'] = parts;
  const path = encodePath(tail.startsWith('/') ? tail : `/${tail}`);
  if (path.length > MAX_PATH_LENGTH) return null;
  return { path, at: scheme?.toLowerCase() === 'http' ? parseAuthority(authority) : null };
}

function parseAuthority(text: string): { host: string; port: number } | null {
  const parts = /^(?:[^@]*@)?(\[[^\]]*\]|[^:[\]]*)(?::(\d{0,5}))?$/.exec(text.trim());
  const host = parseHost(parts?.[1]?.trim() ?? '');
  const port = Number(parts?.[2] || 80);
  if (!host || port < 1 || port > 65_535) return null;
  return { host: host.kind === 'name' ? host.name : host.address, port };
}

function distinct(services: MediaService[]): MediaService[] {
  return ([2, 1] as const).flatMap((version) => {
    const same = services.filter((service) => service.version === version);
    return same.find(({ address }) => address !== null) ?? same[0] ?? [];
  });
}
