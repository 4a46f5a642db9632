/** One element of a device's answer. Names are without prefix and in lower case: devices differ in both. */
export interface XmlElement {
  name: string;
  children: XmlElement[];
  /** Its own text with references decoded, not that of its children; as it stands, with blanks around it. */
  text: string;
  /** What stands in the tag behind the name; `attribute` reads it. */
  rawAttributes: string;
}

/** The answer of a recorder with two hundred profiles has some fifteen thousand elements; many more are made to cost time. */
const MAX_ELEMENTS = 25_000;
const MAX_DEPTH = 100;
const REFERENCES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** One attribute, or one word without a value. Sticky, so that hostile text costs no second look. */
const ATTRIBUTE = /\s*([^\s=]+)(?:\s*=\s*("[^"]*"|'[^']*'))?/y;

/**
 * Reads XML as devices write it: a bare `&` and a closing tag too many are taken as they are meant. It knows no document types
 * and resolves no entities but the five of XML, so a document cannot grow. One pass, no recursion.
 * @returns a nameless element that holds the document's; undefined when it is cut off, too deep, too large, or no XML
 */
export function parseXml(xml: string): XmlElement | undefined {
  const root: XmlElement = { name: '', children: [], text: '', rawAttributes: '' };
  const open: XmlElement[] = [root];
  let elements = 0;
  for (let at = 0; at < xml.length;) {
    const tagAt = xml.indexOf('<', at);
    const top = open.at(-1) ?? root;
    if (tagAt !== at) top.text += decodeText(xml.slice(at, tagAt < 0 ? undefined : tagAt));
    if (tagAt < 0) break;
    const end = endOfMarkup(xml, tagAt);
    if (end < 0) return undefined;
    const markup = xml.slice(tagAt, end);
    at = end;
    if (markup.startsWith('<![CDATA[')) top.text += markup.slice('<![CDATA['.length, -']]>'.length);
    else if (markup.startsWith('</')) close(open, localName(markup.slice(2, -1)));
    else if (!/^<[?!]/.test(markup)) {
      elements += 1;
      if (elements > MAX_ELEMENTS || open.length > MAX_DEPTH) return undefined;
      const element = readTag(markup);
      top.children.push(element);
      if (!markup.endsWith('/>')) open.push(element);
    }
  }
  return open.length === 1 && root.children.length > 0 ? root : undefined;
}

/** The child elements of that name; `name` in lower case. */
export function children(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The first element down that path of names, in lower case. */
export function find(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((parent, name) => children(parent, name)[0], element);
}

/** Every element of that name below `element`, in the order of the document. */
export function descendants(element: XmlElement | undefined, name: string): XmlElement[] {
  return (element?.children ?? []).flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendants(child, name),
  ]);
}

/** Text without the blanks and line breaks around it; '' when there is none. */
export function textOf(element: XmlElement | undefined): string {
  return element?.text.trim() ?? '';
}

/** The value of an attribute, whatever its prefix; `name` in lower case. */
export function attribute(element: XmlElement, name: string): string | undefined {
  ATTRIBUTE.lastIndex = 0;
  for (let part = ATTRIBUTE.exec(element.rawAttributes); part; part = ATTRIBUTE.exec(element.rawAttributes)) {
    const [, key = '', quoted] = part;
    if (quoted !== undefined && localName(key) === name) return decodeText(quoted.slice(1, -1));
  }
  return undefined;
}

/** Where the markup that begins at `from` ends; -1 when it does not. */
function endOfMarkup(xml: string, from: number): number {
  const second = xml.charAt(from + 1);
  if (second !== '!' && second !== '?') return endOfTag(xml, from);
  for (const [begin, end] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!xml.startsWith(begin, from)) continue;
    const at = xml.indexOf(end, from + begin.length);
    return at < 0 ? -1 : at + end.length;
  }
  return endOfTag(xml, from);
}

/** A `>` inside quotes, or between the brackets of a document type, ends no tag. */
function endOfTag(xml: string, from: number): number {
  const first = xml.indexOf('>', from);
  if (first < 0 || !/["'[]/.test(xml.slice(from, first))) return first + 1 || -1;
  let quote = '';
  let brackets = 0;
  for (let at = from + 1; at < xml.length; at++) {
    const char = xml.charAt(at);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '[') brackets += 1;
    else if (char === ']') brackets -= 1;
    else if (char === '>' && brackets <= 0) return at + 1;
  }
  return -1;
}

function readTag(markup: string): XmlElement {
  const inside = markup.slice(1, markup.endsWith('/>') ? -2 : -1);
  const nameEnd = inside.search(/\s/);
  const name = nameEnd < 0 ? inside : inside.slice(0, nameEnd);
  return {
    name: localName(name),
    children: [],
    text: '',
    rawAttributes: nameEnd < 0 ? '' : inside.slice(nameEnd),
  };
}

/** Closes the innermost element of that name with all that was left open in it. */
function close(open: XmlElement[], name: string): void {
  const at = open.findLastIndex((element) => element.name === name);
  if (at > 0) open.length = at;
}

function localName(name: string): string {
  const bare = name.trim();
  return bare.slice(bare.indexOf(':') + 1).toLowerCase();
}

function decodeText(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return REFERENCES[name.toLowerCase()] ?? whole;
    const code = typeof hex === 'string' ? parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
