import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { packageVersion } from './common/package-version.js';
import { problemResponse } from './common/api-problems.decorator.js';
import { PROBLEM_SCHEMAS } from './common/api-schemas.js';
import * as namedEnums from './schema/named-enums.js';
import { dropDefaults, toOpenApi31 } from './openapi-3-1.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'] as const;

const DESCRIPTION =
  'Event-triggered camera recording. Errors are RFC 9457 problems with a stable `code`; `/docs/errors` explains each. ' +
  'Instants are ISO 8601 in UTC. Enums may grow: take a word that you do not know for what you would do without one.';

const TAGS: [name: string, description: string][] = [
  ['auth', 'Tokens'],
  ['users', 'Who may use the service, for administrators'],
  ['cameras', 'Cameras, their streams and what they record on'],
  ['events', 'Triggers: why something is recorded'],
  ['playbacks', 'Recordings: state, completeness and video'],
  ['footage', 'Footage of continuous cameras: when there is some, why there is none, and watching it'],
  ['retention', 'How long what is kept, and how much room there is'],
  ['locks', 'What may not go because somebody wants it kept'],
  ['schedules', 'What is to be recorded when'],
  ['occurrences', 'The times of schedules: past, present and to come'],
  ['statistics', 'What was recorded, in numbers'],
  ['incidents', 'What is wrong, or was, and since when'],
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
    .setOpenAPIVersion('3.1.0')
    .setDescription(DESCRIPTION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The service that serves this document')
    .setVersion(packageVersion())
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer');
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = toOpenApi31(SwaggerModule.createDocument(app, builder.build()));
  const schemas = { ...document.components?.schemas, ...toOpenApi31(PROBLEM_SCHEMAS) } as Schemas;
  document.components = { ...document.components, schemas };
  // The library gives them the description of the first property that has them.
  for (const { enumName, enumSchema } of Object.values(namedEnums)) {
    if (schemas[enumName]) Object.assign(schemas[enumName], enumSchema);
  }
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) completeOperation(path[method]);
    const body = path.patch?.requestBody;
    if (body && 'content' in body)
      dropDefaults(body.content['application/json']!.schema as Record<string, unknown>, schemas);
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
function completeOperation(operation: Operation | undefined): void {
  if (!operation) return;
  const isPublic = operation.security?.some((requirement) => Object.keys(requirement).length === 0) ?? false;
  for (const parameter of operation.parameters ?? []) {
    if ('in' in parameter && parameter.in === 'path' && parameter.name === 'id') {
      parameter.schema = { type: 'string', format: 'uuid' };
      parameter.description = `Id of the ${operation.tags?.[0]?.replace(/s$/, '')}`;
    }
  }
  operation.responses = {
    400: problemResponse(['REQUEST.INVALID']),
    ...(isPublic ? {} : { 401: problemResponse(['AUTH.NO_TOKEN', 'AUTH.BAD_TOKEN']) }),
    ...operation.responses,
    default: {
      description: 'Any other error',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  };
}
