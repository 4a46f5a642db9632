import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attribute, children, descendants, find, parseXml, textOf } from '../../../../src/modules/camera/domain/xml.js';

describe('parseXml', () => {
  it('reads what devices write', () => {
    const xml = `\uFEFF\r\n<?xml version="1.0"?><!-- <x> --><s:Envelope xmlns:s='a>b'>
      <s:Body><tt:Uri>
        <![CDATA[rtsp://h/a?b=1&c=2]]>
      </tt:Uri><Uri>a&amp;b&#x43;&#68; &amp;amp; e&f=1&nbsp;</Uri><empty/><Empty a = "1" tt:token='"&quot;' b/></s:Body></s:Envelope>`;
    const body = find(parseXml(xml), 'envelope', 'body');
    expect(children(body, 'uri').map(textOf)).toEqual(['rtsp://h/a?b=1&c=2', 'a&bCD &amp; e&f=1&nbsp;']);
    const [first, second] = children(body, 'empty');
    expect([first && attribute(first, 'token'), second && attribute(second, 'token')]).toEqual([undefined, '""']);
    expect(textOf(find(body, 'nothing', 'at', 'all'))).toBe('');
  });

  it('closes what was left open inside, and overlooks what was never opened', () => {
    const root = parseXml('<a></z><b><c>1</b><d>2</d></a>');
    expect(descendants(root, 'c').map(textOf)).toEqual(['1']);
    expect(find(root, 'a', 'd')?.text).toBe('2');
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a cut document', '<a><b>'],
    ['a cut tag', '<a><b foo="'],
    ['a cut comment', '<a><!-- </a>'],
    ['cut CDATA', '<a><![CDATA[ </a>'],
    ['too deep', '<a>'.repeat(200) + '</a>'.repeat(200)],
    ['too many', `<a>${'<b/>'.repeat(60_000)}</a>`],
  ])('gives up on %s', (_what, xml) => {
    expect(parseXml(xml)).toBeUndefined();
  });

  it('resolves no entity of a document type', () => {
    const xml = '<!DOCTYPE a [<!ENTITY b "x>y"><!ENTITY c SYSTEM "file:///etc/passwd">]><a>&b;&c;</a>';
    expect(textOf(find(parseXml(xml), 'a'))).toBe('&b;&c;');
  });

  it('ends on whatever it is given, and makes no prototype of it', () => {
    const noise = fc.array(
      fc.oneof(
        fc.constantFrom(
          '<',
          '>',
          '</',
          '/>',
          '<a>',
          '</a>',
          '<!--',
          '-->',
          '<![CDATA[',
          ']]>',
          '"',
          "'",
          '&#x110000;',
          ' =',
          '[',
        ),
        fc.string(),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const root = parseXml(parts.join(''));
        return root === undefined || descendants(root, 'a').every((element) => attribute(element, 'x') !== null);
      }),
    );
    const root = parseXml('<__proto__ constructor="1"><toString>x</toString></__proto__>');
    expect(textOf(find(root, '__proto__', 'tostring'))).toBe('x');
  });

  it.each([
    ['attributes without a value', `<a ${'x '.repeat(200_000)}/>`],
    ['one long name', `<${'a'.repeat(500_000)}/>`],
    ['blanks', `<a>${' '.repeat(500_000)}</a>`],
    ['blanks in a tag', `<a${' '.repeat(500_000)}/>`],
    ['ampersands', `<a>${'&'.repeat(500_000)}</a>`],
    ['closing tags', `<a>${'</b>'.repeat(120_000)}</a>`],
  ])('takes no more than one look at %s', (_what, xml) => {
    // A second look at each place would take minutes: the test's own limit ends it.
    const root = parseXml(xml);
    expect(root && descendants(root, 'a').map((element) => attribute(element, 'token'))).not.toBeNull();
  });
});
