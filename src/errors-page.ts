import type { NextFunction, Request, Response } from 'express';
import { ERROR_CODES, type ErrorCode, type ErrorEntry, traitsOf } from './common/error-catalogue.js';
import { KINDS } from './common/error-kinds.js';

const ADDRESS = '/docs/errors';

/** What the codes of an area are about. */
const AREAS: Record<string, string> = {
  REQUEST: 'The request itself',
  AUTH: 'Logins, tokens and users',
  CAMERA: 'Cameras and their streams',
  EVENT: 'Events',
  PLAYBACK: 'Playbacks, their video and their pictures',
  FOOTAGE: 'Footage of continuous cameras',
  RETENTION: 'How long things are kept',
  LOCK: 'Locks',
  SCHEDULE: 'Schedules',
  OCCURRENCE: 'Occurrences of schedules',
  STATISTICS: 'Statistics',
  RECORDING: 'Recording, and the making of the video',
  STORAGE: 'The object store',
  SERVICE: 'The service as a whole',
  HEALTH: 'Readiness',
  CONFIG: 'Settings, at the start',
  DATABASE: 'The database, at the start',
};

const INTRO = [
  'An error is answered as a problem (RFC 9457, `application/problem+json`). Its `code` is stable: rely on it and on the status. `detail` is one sentence for people, and may be more exact than the one here. `type` leads to this list, which every service shows at `/docs/errors`. For bad input `errors` names each field.',
  'Status “–”: the code is never the answer to a request. A **failure** stands in `failure.code` of a playback, in `status.lastError.code` of a camera, or in the answer of a probe. **log**: it stands in the log, in the words of a start that fails, or behind `/health/ready`.',
  'Retry “yes”: the same request, or the same recording, may succeed later without anybody mending anything; `Retry-After` says when, where that is known. The list may grow: take a code that you do not know for what its status says.',
];

const FAULTS: Record<NonNullable<ErrorEntry['fault']>, string> = {
  caller: 'the caller',
  camera: 'the camera',
  destination: 'the store',
  service: 'the service',
};

interface Row {
  code: ErrorCode;
  status: string;
  fault: string;
  retry: string;
  says: string;
}

/** docs/errors.md, made of the catalogue. */
export function formatErrorsMarkdown(): string {
  const areas = areasOf().map(([title, rows]) =>
    [
      `## ${title}`,
      '',
      '| code | status | whose fault | retry | what it says |',
      '|---|---|---|---|---|',
      ...rows.map((row) => {
        const says = row.says.replace(/\{(\w+)\}/g, '*$1*').replaceAll('|', '\\|');
        return `| <a id="${row.code}"></a>\`${row.code}\` | ${row.status} | ${row.fault} | ${row.retry} | ${says} |`;
      }),
    ].join('\n'),
  );
  return `${['# Errors', '<!-- Made of src/common/error-catalogue.ts by `npm run openapi`. -->', ...INTRO, ...areas].join('\n\n')}\n`;
}

/** Middleware that shows the catalogue to whoever follows the `type` of a problem. It holds nothing of this installation. */
export function serveErrorsPage({ method, path }: Request, response: Response, next: NextFunction): void {
  if (path !== ADDRESS || (method !== 'GET' && method !== 'HEAD')) return next();
  response.setHeader('Cache-Control', 'public, max-age=300').type('html').send(formatErrorsPage());
}

function formatErrorsPage(): string {
  const areas = areasOf().map(([title, rows]) => {
    const lines = rows.map(({ code, status, fault, retry, says }) => {
      const cells = [status, fault, retry, escape(says).replace(/\{(\w+)\}/g, '<i>$1</i>')];
      return `<tr id="${code}"><td><code>${code}</code></td>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
    });
    const head = '<tr><th>code<th>status<th>whose fault<th>retry<th>what it says</tr>';
    return `<h2>${escape(title)}</h2>\n<table>\n${head}\n${lines.join('\n')}\n</table>`;
  });
  const intro = INTRO.map((text) => {
    const marked = escape(text)
      .replace(/`([^`]+)`/g, '<code>$1</code>')
      .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>');
    return `<p>${marked}</p>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hindsight: errors</title>
<style>
  body { font: 16px/1.5 sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd }
  tr:target { background: #fff3b0 }
</style>
<h1>Errors</h1>
${[...intro, ...areas].join('\n')}
</html>
`;
}

function areasOf(): [title: string, rows: Row[]][] {
  return Object.entries(AREAS).map(([area, title]) => [
    title,
    ERROR_CODES.filter((code) => code.startsWith(`${area}.`)).map(rowOf),
  ]);
}

function rowOf(code: ErrorCode): Row {
  const { kind, fault, retry, seenIn, says } = traitsOf(code);
  return {
    code,
    status: seenIn === undefined ? String(KINDS[kind].status) : `– (${seenIn})`,
    fault: FAULTS[fault],
    retry: retry ? 'yes' : 'no',
    says,
  };
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
