/** An address that was broken into lines is one: line breaks and tabs inside do not count, nor the indentation around them. */
export function joinLines(address: string): string {
  return address
    .split(/[\r\n\t]+/)
    .map((line) => line.trim())
    .join('');
}

/** Percent-encodes what may not stand in a request line, as UTF-8; what is encoded already stays. */
export function encodePath(path: string): string {
  return path.replace(/[^\x21-\x7e]+/g, (odd) => encodeURIComponent(Buffer.from(odd, 'utf8').toString('utf8')));
}
