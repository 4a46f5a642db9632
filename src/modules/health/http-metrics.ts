import type { NextFunction, Request, Response } from 'express';
import type { Metrics } from './metrics.js';

/** Middleware that times every request under its route's pattern; what no route answered is `none`. */
export function measureRequests(metrics: Metrics) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const startedAtNs = process.hrtime.bigint();
    response.on('close', () => {
      const route = (request.route as { path?: unknown } | undefined)?.path;
      const labels = {
        method: request.method,
        route: typeof route === 'string' ? route : 'none',
        status: response.writableFinished ? String(response.statusCode) : 'aborted',
      };
      metrics.httpRequestDurationSec.observe(labels, Number(process.hrtime.bigint() - startedAtNs) / 1e9);
    });
    next();
  };
}
