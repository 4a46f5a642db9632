import { type ErrorCode, ERROR_CODES, ERRORS, typeOf } from './error-catalogue.js';

/** Whole numbers for `@ApiProperty`: counts, seconds, pixels, ports. */
export const INT32 = { type: 'integer', format: 'int32' } as const;
/** Whole numbers that may outgrow 32 bits: bytes, milliseconds, frames. */
export const INT64 = { type: 'integer', format: 'int64' } as const;
/** Bytes as they are, for the content of media answers. */
export const BINARY = { schema: { type: 'string', format: 'binary' } } as const;

const ERROR_CODE = { $ref: '#/components/schemas/ErrorCode' };
/** For `@ApiProperty`: a code of the catalogue. */
export const ERROR_CODE_SCHEMA = { allOf: [ERROR_CODE] };

const EXAMPLE: ErrorCode = 'REQUEST.INVALID';

/** What every documented error refers to; `createOpenApiDocument` puts it into the document. */
export const PROBLEM_SCHEMAS = {
  KnownErrorCode: {
    type: 'string',
    description: 'The errors of this version; docs/errors.md explains each.',
    enum: ERROR_CODES,
  },
  ErrorCode: {
    description: 'One of the known errors, or one that a later version has added: take that for what its status says.',
    anyOf: [{ $ref: '#/components/schemas/KnownErrorCode' }, { type: 'string' }],
    example: EXAMPLE,
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457 problem details. `code` is stable; `detail` is for people.',
    required: ['type', 'title', 'status', 'code', 'detail', 'instance'],
    properties: {
      type: {
        type: 'string',
        format: 'uri-reference',
        description: 'Where the service explains this code; relative to its address',
        example: typeOf(EXAMPLE),
      },
      title: { type: 'string', description: 'What the status means', example: 'Bad request' },
      status: { ...INT32, description: 'The HTTP status', example: 400 },
      code: ERROR_CODE,
      detail: { type: 'string', description: 'One sentence that a user can act on', example: ERRORS[EXAMPLE].says },
      instance: { type: 'string', description: 'Path of the request', example: '/cameras' },
      errors: {
        type: 'array',
        description: 'Every faulty field, for bad input',
        items: { $ref: '#/components/schemas/FieldFault' },
      },
    },
  },
  FieldFault: {
    type: 'object',
    description: 'What is wrong with one field of the request',
    required: ['field', 'message'],
    properties: {
      field: { type: 'string', description: 'Its name, with a dot before each inner one', example: 'name' },
      message: { type: 'string', description: 'What it must be', example: 'name must be a string' },
    },
  },
};
