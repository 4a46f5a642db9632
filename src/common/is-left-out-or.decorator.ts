import { ValidateIf } from 'class-validator';

/** Left out is fine, null is not: what follows is checked for everything but undefined. */
export const IsLeftOutOr = () => ValidateIf((_object, value) => value !== undefined);
