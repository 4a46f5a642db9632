import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { type PagePosition, parseCursor } from './keyset.js';
import { invalidInput } from './validation.pipe.js';
import { INT32 } from './api-schemas.js';

/** A page that takes longer to send than to read helps nobody. */
export const MAX_PAGE_SIZE = 200;
const DEFAULT_PAGE_SIZE = 50;

/** What every list takes; a list's own filters extend it. */
export class PageQuery {
  @ApiPropertyOptional({
    ...INT32,
    minimum: 1,
    maximum: MAX_PAGE_SIZE,
    default: DEFAULT_PAGE_SIZE,
    description: 'How many at most',
  })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit: number = DEFAULT_PAGE_SIZE;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before; send the same filters with it' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  cursor?: string;
}

/**
 * Where the page begins; null: at the start of the list.
 * @throws AppError `REQUEST.INVALID` on a cursor that is not one of ours
 */
export function readCursor<P = PagePosition>(cursor: string | undefined, parse: (text: string) => P | null): P | null {
  if (cursor === undefined) return null;
  const position = parse(cursor);
  if (position) return position;
  throw invalidInput([{ field: 'cursor', message: 'cursor must be the nextCursor of an earlier page' }]);
}

export function readPosition({ cursor }: PageQuery): PagePosition | null {
  return readCursor(cursor, parseCursor);
}
