import { ANSWER_LIMITS } from './answer-limits.js';

/** What an XML text has of that which costs a parser time. */
export interface XmlSize {
  /** Elements and attributes together. */
  elements: number;
  depth: number;
}

/**
 * Counts elements, attributes and depth of an XML text in one pass, before a parser builds objects of them; stops at the first limit.
 * It need not be well-formed: this is a measure, not a parser, and comments count as what they look like.
 * @returns null when it is within `ANSWER_LIMITS`, else one half of a sentence that says what there is too much of
 */
export function findXmlExcess(xml: string): string | null {
  const size: XmlSize = { elements: 0, depth: 0 };
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at)) {
    const next = xml[at + 1] ?? '';
    if (next === '/') {
      size.depth -= 1;
      at += 1;
      continue;
    }
    at = next === '!' || next === '?' ? at + 1 : countTag(xml, at + 1, size);
    if (size.elements > ANSWER_LIMITS.soapElements)
      return `it has more than ${ANSWER_LIMITS.soapElements} elements and attributes`;
    if (size.depth > ANSWER_LIMITS.soapDepth) return `its elements lie more than ${ANSWER_LIMITS.soapDepth} deep`;
  }
  return null;
}

/** @returns where the tag ends; a `>` between quotes does not end it */
function countTag(xml: string, from: number, size: XmlSize): number {
  size.elements += 1;
  size.depth += 1;
  let at = from;
  for (; at < xml.length; at += 1) {
    const character = xml[at]!;
    if (character === '"' || character === "'") {
      size.elements += 1;
      const closing = xml.indexOf(character, at + 1);
      if (closing < 0) return xml.length;
      at = closing;
    } else if (character === '>') {
      if (xml[at - 1] === '/') size.depth -= 1;
      return at;
    }
  }
  return at;
}
