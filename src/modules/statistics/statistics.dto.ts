import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsUUID } from 'class-validator';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';
import { IsCalendarDate, IsTimeZoneName } from '../../common/local-days.decorator.js';
import { splitList } from '../../common/split-list.js';

export const GROUPINGS = ['day', 'camera'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Both ends left out, the answer is about the thirty days up to and with today. */
export const DEFAULT_DAYS = 30;

export class StatisticsQuery {
  @ApiPropertyOptional({
    type: 'string',
    format: 'date',
    description: `The first day; default: ${DEFAULT_DAYS} days before \`to\``,
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
    type: 'array',
    items: { type: 'string', format: 'uuid' },
    description: 'Of these cameras alone: repeated, or with commas between; default: all, deleted ones too',
  })
  @IsLeftOutOr()
  @Transform(splitList)
  @IsUUID(undefined, { each: true })
  cameraId?: string[];

  @ApiPropertyOptional({
    enum: GROUPINGS,
    enumName: 'StatisticsGrouping',
    enumSchema: { description: 'What statistics have a group for' },
    isArray: true,
    description:
      'What there is a group for: each day, each camera, or each day of each camera. Repeated, or with commas between; default: day',
    example: ['day'],
  })
  @Transform(splitList)
  @IsIn(GROUPINGS, { each: true, message: `each value in groupBy must be one of ${GROUPINGS.join(', ')}` })
  groupBy: Grouping[] = ['day'];
}
