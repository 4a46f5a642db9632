import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { packageVersion } from './common/package-version.js';
import { PROBLEM_SCHEMA, problemResponse } from './common/api-problems.decorator.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'] as const;

const TAGS: [name: string, description: string][] = [
  ['auth', 'Tokens'],
  ['users', 'Who may use the service, for administrators'],
  ['cameras', 'Cameras, their streams and what they record on'],
  ['events', 'Triggers: why something is recorded'],
  ['playbacks', 'Recordings: state, completeness and video'],
  ['health', 'For orchestrators and Prometheus'],
];

/** Serves the page at /docs and the document at /docs-json; it is built at the first request for it. */
export function serveOpenApi(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), {
    raw: ['json'],
    customSiteTitle: 'Hindsight API',
    swaggerOptions: { persistAuthorization: true },
  });
}

/** The OpenAPI document of an application, which need not be initialised. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Hindsight')
    .setDescription('Event-triggered camera recording. Errors are RFC 9457 problems with a stable `code`.')
    .setVersion(packageVersion())
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer');
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
  };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) completeOperation(method, path[method]);
  }
  return document;
}

/** Builds the document of a root module without starting anything: no database, no FFmpeg. */
export async function describeModule(module: Parameters<typeof NestFactory.create>[0]): Promise<OpenAPIObject> {
  const app = await NestFactory.create(module, { preview: true, logger: false, abortOnError: false });
  return createOpenApiDocument(app);
}

/** The document as text that is the same for the same API: keys in order, one line each. */
export function formatOpenApi(document: OpenAPIObject): string {
  return `${JSON.stringify(document, sortKeys, 2)}\n`;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What holds for every endpoint because the guards, the filter and the form of ids are the same everywhere. */
function completeOperation(method: (typeof METHODS)[number], operation: Operation | undefined): void {
  if (!operation) return;
  const isPublic = operation.security?.some((requirement) => Object.keys(requirement).length === 0) ?? false;
  const isRead = method === 'get' || method === 'head';
  for (const parameter of operation.parameters ?? []) {
    if ('in' in parameter && parameter.in === 'path' && parameter.name === 'id')
      parameter.schema = { type: 'string', format: 'uuid' };
  }
  operation.responses = {
    ...(isPublic ? {} : { 401: problemResponse('Not authenticated', [401]) }),
    ...(isPublic || isRead ? {} : { 403: problemResponse('Not allowed', [403]) }),
    ...operation.responses,
    default: problemResponse('Any other error'),
  };
}
