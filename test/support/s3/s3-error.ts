/** A refusal as S3 words it. */
export class S3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** More elements of the answer. */
    private readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  toXml(): string {
    const all = { Code: this.code, Message: this.message, ...this.details };
    return xmlDocument(
      'Error',
      Object.entries(all)
        .map(([name, value]) => tag(name, value))
        .join(''),
    );
  }
}

export function xmlDocument(root: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${inner}</${root}>`;
}

export function tag(name: string, value: string | number | boolean): string {
  return `<${name}>${String(value).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')}</${name}>`;
}

/** The texts of all `<name>` in such a document as the next function reads. */
export function textsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>[^<]*</${name}>`, 'g'))].map(([element]) => textOf(element, name) ?? '');
}

/** The text of the first `<name>` in an XML document that has no attributes or comments in the way. */
export function textOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text
    ?.replace(/&quot;|&#34;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}
