/** Any part of an OpenAPI document. */
type Node = Record<string, unknown>;

/** What holds examples and values, which are data and no schemas. */
const DATA = new Set(['example', 'examples', 'default', 'enum']);

/**
 * The schemas of OpenAPI 3.0, as @nestjs/swagger writes them, in the words of 3.1: `null` becomes a type of its own, and one of the
 * values of an enum that may be null. In 3.0 a generator must guess whether `nullable` beside a reference means anything.
 */
export function toOpenApi31<T>(document: T): T {
  return convert(document) as T;
}

function convert(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(convert);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [
    key,
    DATA.has(key) ? (value as unknown) : convert(value),
  ]);
  return withNull(Object.fromEntries(entries) as Node);
}

function withNull({ nullable, ...schema }: Node): Node {
  if (nullable === undefined) return withoutWrapper(schema);
  if (nullable !== true) return schema;
  const { type, allOf, $ref, enum: values, ...rest } = schema;
  const one = $ref === undefined ? (allOf as Node[] | undefined)?.[0] : { $ref };
  if (one) return { ...rest, anyOf: [one, { type: 'null' }] };
  return {
    ...rest,
    type: [type, 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
  };
}

/** In 3.1 a reference may have a description beside it, for which 3.0 needs `allOf` of one. */
function withoutWrapper({ allOf, ...schema }: Node): Node {
  if (!Array.isArray(allOf)) return schema;
  return allOf.length === 1 ? { ...schema, ...(allOf[0] as Node) } : { ...schema, allOf };
}

/** Takes the defaults out of a schema and all that it refers to: what a PATCH leaves out stays as it is. */
export function dropDefaults(schema: Node, schemas: Record<string, unknown>): void {
  delete schema['default'];
  const ref = schema['$ref'];
  const children = [
    ...Object.values((schema['properties'] ?? {}) as Record<string, Node>),
    ...(['anyOf', 'allOf', 'oneOf'].flatMap((key) => schema[key] ?? []) as Node[]),
    ...((schema['items'] === undefined ? [] : [schema['items']]) as Node[]),
    ...(typeof ref === 'string' ? [schemas[ref.split('/').at(-1)!] as Node] : []),
  ];
  for (const child of children) dropDefaults(child, schemas);
}
