import type { NextFunction, Request, Response } from 'express';

/** A browser asks again whether it may after this long; Chromium remembers it for two hours at most. */
const PREFLIGHT_SEC = 7_200;

/**
 * Middleware that lets players on other sites read media: nothing here answers to a cookie, so a page gets what its token or its signed
 * link opens, and no more (https://fetch.spec.whatwg.org/#cors-protocol).
 */
export function allowOtherSites(request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', 'Content-Length, Content-Range, Accept-Ranges, ETag, Date');
  if (request.method !== 'OPTIONS') return next();
  response
    .writeHead(204, {
      'Access-Control-Allow-Methods': 'GET, HEAD',
      'Access-Control-Allow-Headers': 'Authorization, Range, If-Range, If-None-Match',
      'Access-Control-Max-Age': PREFLIGHT_SEC,
    })
    .end();
}
