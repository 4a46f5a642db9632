import { ApiProperty, ApiPropertyOptional, IntersectionType, PartialType } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsDate, IsInt, IsString, Max, Min } from 'class-validator';
import { INT32 } from '../../common/api-schemas.js';
import { parseInstant } from '../../common/instant.js';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';
import { IsCalendarDate, IsTimeZoneName } from '../../common/local-days.decorator.js';
import { PageQuery } from '../../common/page-query.js';
import { parseBoolean } from '../../common/parse-boolean.js';

const IS_INSTANT = 'must be an instant in UTC or with its offset, like 2026-01-31T12:00:00Z';
const MAX_GAP_MS = 86_400_000;

export class FootageRangeQuery {
  @ApiProperty({
    type: 'string',
    format: 'date-time',
    description: 'From this instant on',
    example: '2026-01-31T12:00:00Z',
  })
  @Transform(parseInstant)
  @IsDate({ message: `from ${IS_INSTANT}` })
  from!: Date;

  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    description: 'Up to this instant, not with it; default: now, and for a stream: live',
    example: '2026-01-31T13:00:00Z',
  })
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate({ message: `to ${IS_INSTANT}` })
  to?: Date;
}

export class FootageSpansQuery extends FootageRangeQuery {
  @ApiPropertyOptional({
    ...INT32,
    minimum: 0,
    maximum: MAX_GAP_MS,
    default: 0,
    description: 'Gaps that are shorter are not listed and end no span; `shortGapsMs` says how long they are together',
  })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MAX_GAP_MS)
  minGapMs: number = 0;
}

export class FootageSegmentsQuery extends IntersectionType(PageQuery, FootageRangeQuery) {}

export class FootageDaysQuery {
  @ApiPropertyOptional({
    type: 'string',
    format: 'date',
    description: 'The first day; default: 31 days before `to`',
    example: '2026-10-01',
  })
  @IsLeftOutOr()
  @IsCalendarDate()
  from?: string;

  @ApiPropertyOptional({
    type: 'string',
    format: 'date',
    description: 'The day after the last one; default: tomorrow',
    example: '2026-11-01',
  })
  @IsLeftOutOr()
  @IsCalendarDate()
  to?: string;

  @ApiPropertyOptional({
    description: 'Where a day begins and ends, by the name of the IANA list; default: `TIME_ZONE` of the service',
    example: 'Europe/Berlin',
  })
  @IsLeftOutOr()
  @IsTimeZoneName()
  timeZone?: string;

  @ApiPropertyOptional({
    type: 'boolean',
    default: false,
    description: 'true: also how much of each day is covered, and how many bytes that takes',
  })
  @Transform(parseBoolean)
  @IsBoolean({ message: 'detail must be true or false' })
  detail: boolean = false;
}

class SignedLinkQuery {
  @ApiPropertyOptional({ description: 'Of a signed link', example: '1769860800' })
  @IsLeftOutOr()
  @IsString()
  expires?: string;

  @ApiPropertyOptional({ description: 'Of a signed link' })
  @IsLeftOutOr()
  @IsString()
  signature?: string;
}

export class FootagePlaylistQuery extends IntersectionType(FootageRangeQuery, SignedLinkQuery) {}

/** The range is that of the signed link: a token opens everything. */
export class FootageSegmentQuery extends IntersectionType(PartialType(FootageRangeQuery), SignedLinkQuery) {}
