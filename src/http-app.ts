import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { AppLogger } from './common/logging.js';
import { ProblemFilter } from './common/problem.filter.js';
import { createValidationPipe } from './common/validation.pipe.js';
import type { AppConfig } from './config/app-config.js';
import { onlyOwnState, refuseUnstorable, translateBodyError } from './http-input.js';
import { measureRequests } from './modules/health/http-metrics.js';
import { Metrics } from './modules/health/metrics.js';
import { serveOpenApi } from './openapi.js';

/** What NestFactory takes as a root module. */
export type RootModule = Parameters<typeof NestFactory.create>[0];

/**
 * Builds the HTTP application of a root module, configured but not listening.
 * `app.close()` stops taking requests (503), lets the modules stop, then ends the connections that are left. Signals are main.ts's:
 * NestJS's own handling would end the process before the embedded database has stopped.
 */
export async function createHttpApp(
  module: RootModule,
  config: AppConfig,
  logger: AppLogger,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, {
    logger,
    bodyParser: false,
    abortOnError: false,
    return503OnClosing: true,
    forceCloseConnections: true,
  });
  configureHttpApp(app, config, logger);
  return app;
}

/** Everything between the socket and the controllers. The guards are AuthModule's. */
export function configureHttpApp(app: NestExpressApplication, config: AppConfig, logger: AppLogger): void {
  app.disable('x-powered-by');
  app.set('trust proxy', false);
  app.use(measureRequests(app.get(Metrics)));
  app.use(helmet(helmetOptions(config)));
  if (config.role === 'recorder' || config.role === 'worker') app.use(onlyOwnState);
  app.useBodyParser('json', { limit: config.http.maxBodyBytes });
  app.use(translateBodyError);
  app.use(refuseUnstorable);
  app.useGlobalPipes(createValidationPipe());
  app.useGlobalFilters(new ProblemFilter(logger));
  serveOpenApi(app);
}

function helmetOptions({ http }: AppConfig): Parameters<typeof helmet>[0] {
  const https = http.publicUrl.startsWith('https:');
  return {
    // The page at /docs brings its own scripts and inline styles. Over plain HTTP nothing may be upgraded to HTTPS.
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: https ? [] : null } },
    strictTransportSecurity: https,
    // Signed media links are there to be embedded elsewhere; nothing here answers to a cookie.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
  };
}
