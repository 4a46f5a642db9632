/**
 * The `Content-Disposition` of a download: the name in UTF-8 for today's clients (RFC 6266, RFC 8187) and an ASCII likeness for the others.
 * Slashes, quotes and control characters never reach the header.
 */
export function attachmentNamed(fileName: string): string {
  const safe =
    fileName
      .replace(/[\p{C}\u2028\u2029]/gu, '')
      .replace(/[/\\]/g, '-')
      .trim() || 'download';
  const ascii =
    safe
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .replace(/[^\x20-\x7e]|["%/\\]/gu, '_') || 'download';
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeRfc8187(safe)}`;
}

function encodeRfc8187(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
