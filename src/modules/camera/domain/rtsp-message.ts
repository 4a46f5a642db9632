/** An RTSP answer; header names are in lower case, repeated headers keep all their values, read as Latin-1: no byte is lost. */
export interface RtspResponse {
  status: number;
  reason: string;
  headers: Map<string, string[]>;
  body: string;
}

/** More than any session description needs; a peer that sends more is cut off. */
export const MAX_RTSP_RESPONSE_BYTES = 64 * 1024;

/**
 * Parses the answer at the start of `bytes` (RFC 2326, section 7).
 * @returns 'incomplete' when more bytes are needed, 'malformed' when they are no RTSP answer
 */
export function parseRtspResponse(bytes: Buffer): RtspResponse | 'incomplete' | 'malformed' {
  const start = bytes.subarray(0, 5).toString('latin1');
  if (!'RTSP/'.startsWith(start)) return 'malformed';
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return 'incomplete';
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = /^RTSP\/\d\.\d (\d{3})(?: (.*))?$/.exec(statusLine);
  if (!status) return 'malformed';
  const headers = parseHeaders(lines);
  const length = Number(headers.get('content-length')?.[0] ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > MAX_RTSP_RESPONSE_BYTES) return 'malformed';
  const bodyStart = headEnd + 4;
  if (bytes.length < bodyStart + length) return 'incomplete';
  const body = bytes.subarray(bodyStart, bodyStart + length).toString('utf8');
  return { status: Number(status[1]), reason: status[2]?.trim() ?? '', headers, body };
}

function parseHeaders(lines: string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const header = /^([^:\s]+)\s*:\s*(.*)$/.exec(line);
    if (!header) continue;
    const name = header[1]?.toLowerCase() ?? '';
    headers.set(name, [...(headers.get(name) ?? []), header[2] ?? '']);
  }
  return headers;
}
