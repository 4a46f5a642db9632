import { ANSWER_LIMITS } from './answer-limits.js';
import { parseHost } from './host.js';

/** A device that answered; everything in it is what the device claims. */
export interface FoundDevice {
  host: string;
  port: number;
  name: string | null;
  hardware: string | null;
  /** Addresses of its device service. */
  xaddrs: string[];
}

/** The question for network video transmitters (ONVIF Core Specification, section 7.3). */
export function buildProbe(messageId: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"' +
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>' +
    `<a:MessageID>urn:uuid:${messageId}</a:MessageID>` +
    '<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>' +
    '<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>' +
    '</s:Header><s:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>'
  );
}

/**
 * Reads a ProbeMatch; both lists in it are plain text, so no XML parser is needed.
 * @param sender the IP address that the answer came from: of several addresses, that one is taken
 * @returns undefined when it is no answer of a device with a usable address
 */
export function parseProbeMatch(xml: string, sender: string): FoundDevice | undefined {
  if (xml.length > ANSWER_LIMITS.discoveryBytes || !xml.includes('ProbeMatch')) return undefined;
  const urls = listOf(xml, 'XAddrs', ANSWER_LIMITS.discoveryAddresses).flatMap((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url && /^https?:$/.test(url.protocol) && parseHost(url.hostname) && text.length <= 300
      ? [{ text, url }]
      : [];
  });
  const chosen = urls.find(({ url }) => url.hostname === sender) ?? urls[0];
  if (!chosen) return undefined;
  const scopes = listOf(xml, 'Scopes', ANSWER_LIMITS.discoveryScopes);
  const { hostname, port, protocol } = chosen.url;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    name: scopeValue(scopes, 'name'),
    hardware: scopeValue(scopes, 'hardware'),
    xaddrs: urls.map(({ text }) => text),
  };
}

/** The first words in an element: what is behind `limit` is not even taken apart. */
function listOf(xml: string, element: string, limit: number): string[] {
  const content = new RegExp(`<(?:[\\w.-]+:)?${element}(?:\\s[^<>]*)?>([^<]*)<`).exec(xml)?.[1] ?? '';
  return content
    .replace(/&amp;/g, '&')
    .trim()
    .split(/\s+/, limit)
    .filter((item) => item !== '');
}

function scopeValue(scopes: string[], key: string): string | null {
  const prefix = `onvif://www.onvif.org/${key}/`;
  const value = scopes.find((scope) => scope.toLowerCase().startsWith(prefix))?.slice(prefix.length);
  if (!value) return null;
  try {
    return decodeURIComponent(value)
      .replace(/\p{Cc}/gu, '')
      .slice(0, 100);
  } catch (error) {
    if (error instanceof URIError) return value.slice(0, 100);
    throw error;
  }
}
