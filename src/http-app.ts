import { NestFactory, Reflector } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { AppLogger } from './common/logging.js';
import { ProblemFilter } from './common/problem.filter.js';
import { UnheededInputInterceptor } from './common/unheeded-input.interceptor.js';
import { createValidationPipe } from './common/validation.pipe.js';
import type { AppConfig } from './config/app-config.js';
import { serveErrorsPage } from './errors-page.js';
import {
  onlyOwnState,
  refuseUnstorable,
  refuseWhileStopping,
  type StopState,
  translateBodyError,
} from './http-input.js';
import { measureRequests, Metrics } from './modules/health/index.js';
import { serveOpenApi } from './openapi.js';

/** What NestFactory takes as a root module. */
export type RootModule = Parameters<typeof NestFactory.create>[0];

/**
 * Builds the HTTP application of a root module, configured but not listening.
 * `app.close()` lets the modules stop, then closes the listener and ends the connections that are left. Signals are shutdown.ts's:
 * NestJS's own handling would end the process before the embedded database has stopped.
 * @param state set its `leaving` when it is told to stop: readiness says so; and its `stopping` before `app.close()`: from then on no trigger is taken
 */
export async function createHttpApp(
  module: RootModule,
  config: AppConfig,
  logger: AppLogger,
  state: StopState = { leaving: false, stopping: false },
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(), {
    logger,
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  configureHttpApp(app, config, logger, state);
  return app;
}

/** Everything between the socket and the controllers. The guards are AuthModule's. */
export function configureHttpApp(
  app: NestExpressApplication,
  config: AppConfig,
  logger: AppLogger,
  state: StopState,
): void {
  app.disable('x-powered-by');
  app.set('trust proxy', false);
  app.use(measureRequests(app.get(Metrics)));
  app.use(helmet(helmetOptions(config)));
  app.use(refuseWhileStopping(state));
  app.use(serveErrorsPage);
  if (config.role === 'recorder' || config.role === 'worker') app.use(onlyOwnState);
  app.useBodyParser('json', { limit: config.http.maxBodyBytes });
  app.use(translateBodyError);
  app.use(refuseUnstorable);
  app.useGlobalInterceptors(new UnheededInputInterceptor(app.get(Reflector)));
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
