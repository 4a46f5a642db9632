import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';

/** What a handler takes of a request, read from the decorators of its parameters. */
export interface RouteInput {
  /** It has a body, which the validation pipe checks. */
  body: boolean;
  /** It has a DTO for its query, which the validation pipe checks. */
  queryDto: boolean;
  /** Single query fields that it asks for. */
  query: string[];
  /** Headers that it asks for, in lower case. */
  headers: string[];
}

/** NestJS keeps one entry for each decorated parameter: its kind and place as key, what was asked for as `data`. */
type RouteArguments = Record<string, { data?: unknown }>;

/** @param controller the class that has a method `handler` */
export function routeInputOf(controller: object, handler: string): RouteInput {
  const stored = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) ?? {}) as RouteArguments;
  const of = (kind: RouteParamtypes) =>
    Object.entries(stored)
      .filter(([key]) => key.split(':')[0] === String(kind))
      .map(([, { data }]) => (typeof data === 'string' ? data : null));
  const query = of(RouteParamtypes.QUERY);
  return {
    body: of(RouteParamtypes.BODY).length > 0,
    queryDto: query.includes(null),
    query: query.filter((name) => name !== null),
    headers: of(RouteParamtypes.HEADERS).flatMap((name) => (name === null ? [] : [name.toLowerCase()])),
  };
}
