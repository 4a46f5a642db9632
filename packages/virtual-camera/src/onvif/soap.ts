const NAMESPACES = {
  env: 'http://www.w3.org/2003/05/soap-envelope',
  ter: 'http://www.onvif.org/ver10/error',
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tr2: 'http://www.onvif.org/ver20/media/wsdl',
  tt: 'http://www.onvif.org/ver10/schema',
};
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** A request that the device answers with a SOAP fault. */
export class SoapFault extends Error {
  /** `subcodes` from the general to the particular, as in the ONVIF Core Specification, 5.8.2. */
  constructor(
    readonly subcodes: readonly string[],
    reason: string,
    readonly httpStatus = 400,
  ) {
    super(reason);
  }
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16));
  });
}

/** Text of the first element of that local name; undefined when there is none. */
export function findText(xml: string, localName: string): string | undefined {
  const match = new RegExp(`<(?:[\\w.-]+:)?${localName}(?:\\s[^>]*)?>([^<]*)</`).exec(xml);
  return match?.[1] === undefined ? undefined : unescapeXml(match[1].trim());
}

/** Local name and namespace of the request: the first element of the body. */
export function findAction(xml: string): { name: string; namespace: string } | undefined {
  const match = /<(?:[\w.-]+:)?Body(?:\s[^>]*)?>\s*<(?:([\w.-]+):)?(\w+)([^>]*)>/.exec(xml);
  if (!match) return undefined;
  const [, prefix, name = '', attributes = ''] = match;
  const declaration = prefix === undefined ? 'xmlns' : `xmlns:${prefix}`;
  const pattern = new RegExp(`\\s${declaration}=["']([^"']*)["']`);
  const namespace = (pattern.exec(attributes) ?? pattern.exec(xml))?.[1] ?? '';
  return { name, namespace };
}

export function envelope(body: string): string {
  const declarations = Object.entries(NAMESPACES).map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`);
  return `<?xml version="1.0" encoding="UTF-8"?><env:Envelope${declarations.join('')}><env:Body>${body}</env:Body></env:Envelope>`;
}

export function faultEnvelope(fault: SoapFault): string {
  const side = fault.httpStatus >= 500 ? 'Receiver' : 'Sender';
  const subcode = fault.subcodes.reduceRight(
    (inner, code) => `<env:Subcode><env:Value>ter:${code}</env:Value>${inner}</env:Subcode>`,
    '',
  );
  const reason = `<env:Reason><env:Text xml:lang="en">${escapeXml(fault.message)}</env:Text></env:Reason>`;
  return envelope(`<env:Fault><env:Code><env:Value>env:${side}</env:Value>${subcode}</env:Code>${reason}</env:Fault>`);
}
