import { SetMetadata } from '@nestjs/common';

/** Where the interceptor finds what a route takes beside its DTO. */
export const TAKES_QUERY = 'takesQuery';
/** Stands for every name. */
export const ANY_QUERY = '*';

/** A route that reads these query fields itself; all others are refused. */
export const TakesQuery = (...names: string[]): MethodDecorator => SetMetadata(TAKES_QUERY, names);

/** A page for people: what others hang on its address (a chat program, an advertiser) is none of our business and hurts nobody. */
export const TakesAnyQuery = (): MethodDecorator => TakesQuery(ANY_QUERY);
