import { children, descendants, find, parseXml, textOf, type XmlElement } from './xml.js';

/** What a device said to one request. */
export type SoapAnswer =
  | { kind: 'answer'; body: XmlElement }
  /** `text` is the reason in words, `codes` its codes without prefix, from the general to the particular. */
  | { kind: 'fault'; text: string; codes: string[] };

/**
 * Reads an answer of SOAP 1.1 or 1.2.
 * @returns undefined when it is no SOAP: a login page, nothing, cut off
 */
export function parseSoap(xml: string): SoapAnswer | undefined {
  const body = find(parseXml(xml), 'envelope', 'body');
  if (!body) return undefined;
  const fault = children(body, 'fault')[0];
  return fault ? { kind: 'fault', ...readFault(fault) } : { kind: 'answer', body };
}

/** SOAP 1.2: Code with Subcodes, Reason/Text, Detail. SOAP 1.1: faultcode, faultstring, detail. */
function readFault(fault: XmlElement): { text: string; codes: string[] } {
  const codes = [...descendants(find(fault, 'code'), 'value'), ...children(fault, 'faultcode')]
    .map(textOf)
    .map((code) => code.slice(code.lastIndexOf(':') + 1));
  const words = [
    find(fault, 'reason', 'text') ?? find(fault, 'reason') ?? find(fault, 'faultstring'),
    find(fault, 'detail', 'text') ?? find(fault, 'detail'),
  ];
  return { text: words.map(textOf).filter(Boolean).join(' '), codes: codes.filter(Boolean) };
}

/** Whether the device refuses who asks (ONVIF Core Specification, 5.9; WS-Security names it otherwise). */
export function isRefusedLogin({ text, codes }: { text: string; codes: string[] }): boolean {
  return /not\s*authorized|unauthorized|FailedAuthentication|InvalidSecurity|FailedCheck/i.test(
    [...codes, text].join(' '),
  );
}

/** Whether the device does not know the profile. */
export function isUnknownProfile({ text, codes }: { text: string; codes: string[] }): boolean {
  return /NoProfile|NoSuchProfile|profile\b.{0,40}\bnot exist/i.test([...codes, text].join(' '));
}
