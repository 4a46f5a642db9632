/** What is used here of an OpenAPI document. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  security?: Record<string, unknown>[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, unknown>;
}

export interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  /** A list when it may be null. */
  type?: string | string[];
  format?: string;
  minimum?: number;
  example?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** One endpoint, with everything that a table of bad requests needs. */
export interface Route {
  name: string;
  method: string;
  /** With `{id}` in it where there is one. */
  path: string;
  hasId: boolean;
  /** Neither a token nor a signature is needed. */
  isPublic: boolean;
  /** Roles below the needed one are refused, says the document. */
  restricted: boolean;
  query: { name: string; required?: boolean; schema: Schema }[];
  body: Schema | null;
  /** A body that would be taken. */
  example: Record<string, unknown>;
}

export function listRoutes(document: OpenApi): Route[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => toRoute(document, path, method.toUpperCase(), operation)),
  );
}

function toRoute(document: OpenApi, path: string, method: string, operation: Operation): Route {
  const { security = [{ bearer: [] }], parameters = [], requestBody, responses } = operation;
  const body = requestBody ? resolve(document, Object.values(requestBody.content)[0]!.schema) : null;
  return {
    name: `${method} ${path}`,
    ...{ method, path, body },
    hasId: path.includes('{id}'),
    isPublic: security.every((requirement) => Object.keys(requirement).length === 0),
    restricted: '403' in responses,
    query: parameters.filter((parameter) => parameter.in === 'query'),
    example: body ? exampleOf(body) : {},
  };
}

/** References resolved all the way down. */
function resolve(document: OpenApi, schema: Schema): Schema {
  const named = schema.$ref ?? schema.anyOf?.[0]?.$ref;
  const found = named === undefined ? schema : document.components.schemas[named.split('/').at(-1)!];
  if (!found) throw new Error(`the document does not define ${named}`);
  const properties = Object.entries(found.properties ?? {});
  return {
    type: 'object',
    ...found,
    // It may stand beside the reference.
    ...('example' in schema ? { example: schema.example } : {}),
    ...(found.properties
      ? { properties: Object.fromEntries(properties.map(([name, each]) => [name, resolveProperty(document, each)])) }
      : {}),
  };
}

function resolveProperty(document: OpenApi, schema: Schema): Schema {
  return schema.$ref !== undefined || schema.anyOf !== undefined ? resolve(document, schema) : schema;
}

function exampleOf({ properties = {}, required = [] }: Schema): Record<string, unknown> {
  const wanted = Object.entries(properties).filter(([name]) => required.includes(name));
  const made = (schema: Schema) => schema.example ?? (typeOf(schema) === 'array' ? [] : exampleOf(schema));
  return Object.fromEntries(wanted.map(([name, schema]) => [name, made(schema)]));
}

/** Beside null. */
const typeOf = ({ type }: Schema) => (Array.isArray(type) ? type.find((one) => one !== 'null') : type);

/** Values that no property of this type may have. */
export function wrongValues(schema: Schema): unknown[] {
  const { properties } = schema;
  const type = typeOf(schema);
  switch (type ?? 'object') {
    case 'string':
      return [12, true, { a: 1 }, ['x']];
    case 'integer':
    case 'number':
      return ['many', true, { a: 1 }, [], -1, schema.format === 'int64' ? 2 ** 60 : 1e12];
    case 'boolean':
      return ['yes', 1, {}];
    case 'array':
      return ['x', 5, { a: 1 }, [{ a: 1 }], [5]];
    default:
      return properties || type === 'object' ? ['x', 5, true, ['x']] : [];
  }
}

/** Values that no query parameter of this type may have. */
export function wrongQueryValues(schema: Schema): string[] {
  const { format, items } = schema;
  const type = typeOf(schema);
  if (format === 'uuid') return ['x', '1', '../..', "1' OR '1'='1"];
  if (format === 'date-time') return ['yesterday', '2026-13-45', '1'];
  const tooSmall = String((schema.minimum ?? 1) - 1);
  if (type === 'number' || type === 'integer') return ['many', tooSmall, '-1', '1e9', '1.5', 'NaN'];
  if (type === 'array' || items) return ['NO_SUCH'];
  return [];
}
