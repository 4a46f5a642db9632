import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { Transform, type TransformFnParams, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { INT32 } from '../../common/api-schemas.js';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';
import { IsCalendarDate } from '../../common/local-days.decorator.js';
import { PageQuery } from '../../common/page-query.js';
import { RULE_KIND, WEEKDAY } from '../../schema/named-enums.js';
import { RULE_KINDS, WEEKDAYS, type Weekday } from '../../schema/schedule.entity.js';
import { MAX_DURATION_SEC } from './domain/rule.js';

const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
/** More cameras than one recorder has slots for. */
const MAX_CAMERAS = 500;
/** One for each day of a year. */
const MAX_EXCEPTIONS = 366;
/** A quarter of an hour. */
const MAX_PADDING_SEC = 900;
const PADDING = { ...INT32, minimum: 0, maximum: MAX_PADDING_SEC };
const DATE = { type: String, format: 'date', nullable: true, example: '2026-10-25' } as const;

export class RuleDto {
  @ApiProperty({ ...RULE_KIND, example: 'weekly' })
  @IsIn(RULE_KINDS)
  kind!: (typeof RULE_KINDS)[number];

  @ApiPropertyOptional({
    example: '08:00',
    description: 'A time of the clock, with seconds where they matter; for `once` with its date: `2026-10-25T08:00`',
  })
  @IsOptional()
  @IsString()
  @MaxLength(20)
  at?: string;

  @ApiPropertyOptional({
    ...INT32,
    minimum: 1,
    maximum: 366,
    description: 'For `daily`: every so many days, counted from `firstDate`',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(366)
  every?: number;

  @ApiPropertyOptional({ ...WEEKDAY, isArray: true, description: 'For `weekly`', example: ['mon', 'fri'] })
  @IsOptional()
  @IsArray()
  @IsIn(WEEKDAYS, { each: true })
  days?: Weekday[];

  @ApiPropertyOptional({
    example: '*/30 9-17 * * 1-5',
    description: 'For `cron`: minute, hour, day of the month, month, day of the week',
  })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  expression?: string;
}

/** When a schedule records. */
export class ScheduleTimesDto {
  @ApiProperty({ type: RuleDto })
  @ValidateNested()
  @Type(() => RuleDto)
  @IsObject()
  rule!: RuleDto;

  @ApiPropertyOptional({ example: 'Europe/Berlin', description: 'Default: the setting TIME_ZONE', maxLength: 64 })
  @IsLeftOutOr()
  @IsString()
  @MaxLength(64)
  timeZone?: string;

  @ApiPropertyOptional({
    ...{ ...INT32, nullable: true, minimum: 1, maximum: MAX_DURATION_SEC, example: 3_600 },
    description: 'How long each recording lasts; either this or `until`',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_DURATION_SEC)
  durationSec?: number | null;

  @ApiPropertyOptional({
    ...{ type: String, nullable: true, example: '17:00' },
    description:
      'The time of the clock at which each recording ends, on the next day where it is not later than the start',
  })
  @IsOptional()
  @Matches(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, { message: 'until must be a time of the clock like 17:00' })
  until?: string | null;

  @ApiPropertyOptional({ ...DATE, description: 'No recording begins before this date' })
  @IsOptional()
  @IsCalendarDate()
  firstDate?: string | null;

  @ApiPropertyOptional({ ...DATE, description: 'No recording begins after this date' })
  @IsOptional()
  @IsCalendarDate()
  lastDate?: string | null;

  @ApiPropertyOptional({
    ...{ type: [String], items: { type: 'string', format: 'date' }, maxItems: MAX_EXCEPTIONS, example: ['2026-12-25'] },
    description: 'No recording begins on these dates',
  })
  @IsLeftOutOr()
  @IsArray()
  @ArrayMaxSize(MAX_EXCEPTIONS)
  @IsCalendarDate({ each: true })
  exceptDates?: string[];

  @ApiPropertyOptional({ ...PADDING, description: 'Recorded before each start; default: 0' })
  @IsLeftOutOr()
  @IsInt()
  @Min(0)
  @Max(MAX_PADDING_SEC)
  paddingBeforeSec?: number;

  @ApiPropertyOptional({ ...PADDING, description: 'Recorded after each end; default: 0' })
  @IsLeftOutOr()
  @IsInt()
  @Min(0)
  @Max(MAX_PADDING_SEC)
  paddingAfterSec?: number;
}

export class CreateScheduleDto extends ScheduleTimesDto {
  @ApiProperty({ example: 'Loading bay, working days', minLength: 1, maxLength: 100 })
  @IsString()
  @Length(1, 100)
  name!: string;

  @ApiProperty({
    ...{ type: [String], items: { type: 'string', format: 'uuid' }, minItems: 1, maxItems: MAX_CAMERAS },
    example: [EXAMPLE_ID],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_CAMERAS)
  @IsUUID(undefined, { each: true })
  cameraIds!: string[];

  @ApiPropertyOptional({ description: 'false: nothing is planned; default: true' })
  @IsLeftOutOr()
  @IsBoolean()
  enabled?: boolean;
}

export class UpdateScheduleDto extends PartialType(CreateScheduleDto, { skipNullProperties: false }) {}

export class PreviewScheduleDto extends ScheduleTimesDto {
  @ApiPropertyOptional({ ...INT32, minimum: 1, maximum: 100, default: 10, description: 'How many occurrences' })
  @IsLeftOutOr()
  @IsInt()
  @Min(1)
  @Max(100)
  count?: number;
}

export class ListSchedulesQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'The schedules of this camera' })
  @IsOptional()
  @IsUUID()
  cameraId?: string;

  @ApiPropertyOptional({ type: 'boolean', description: 'true: those that plan; false: those that are switched off' })
  @IsOptional()
  @Transform(parseBoolean)
  @IsBoolean({ message: 'enabled must be true or false' })
  enabled?: boolean;
}

/** What is neither stays as it was given, so that the validator says so. */
function parseBoolean({ value }: TransformFnParams): unknown {
  return value === 'true' ? true : value === 'false' ? false : (value as unknown);
}
