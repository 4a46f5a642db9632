import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { INT32 } from '../../common/api-schemas.js';
import { parseInstant } from '../../common/instant.js';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';
import { PageQuery } from '../../common/page-query.js';
import { OCCURRENCE_STATUS } from '../../schema/named-enums.js';
import { OCCURRENCE_STATUSES, type OccurrenceStatus } from '../../schema/occurrence.entity.js';

const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const EXAMPLE_INSTANT = '2026-10-25T01:30:00.000Z';
const INSTANT = { type: 'string', format: 'date-time', example: EXAMPLE_INSTANT } as const;
const MAX_PADDING_SEC = 900;
const PADDING = { ...INT32, minimum: 0, maximum: MAX_PADDING_SEC };
const saysInstant = (field: string) => ({
  message: `${field} must be an instant in UTC or with its offset, like ${EXAMPLE_INSTANT}`,
});

export class ListOccurrencesQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'The occurrences of this schedule' })
  @IsOptional()
  @IsUUID()
  scheduleId?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The occurrences of this camera' })
  @IsOptional()
  @IsUUID()
  cameraId?: string;

  @ApiPropertyOptional({ ...OCCURRENCE_STATUS, description: 'The occurrences that are so now' })
  @IsOptional()
  @IsIn(OCCURRENCE_STATUSES)
  status?: OccurrenceStatus;

  @ApiPropertyOptional({ ...INSTANT, description: 'Starts at this instant or later' })
  @IsOptional()
  @Transform(parseInstant)
  @IsDate(saysInstant('from'))
  from?: Date;

  @ApiPropertyOptional({ ...INSTANT, description: 'Starts before this instant' })
  @IsOptional()
  @Transform(parseInstant)
  @IsDate(saysInstant('to'))
  to?: Date;
}

export class UpdateOccurrenceDto {
  @ApiPropertyOptional(INSTANT)
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate(saysInstant('startsAt'))
  startsAt?: Date;

  @ApiPropertyOptional(INSTANT)
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate(saysInstant('endsAt'))
  endsAt?: Date;

  @ApiPropertyOptional({ ...PADDING, description: 'Recorded before its start' })
  @IsLeftOutOr()
  @IsInt()
  @Min(0)
  @Max(MAX_PADDING_SEC)
  paddingBeforeSec?: number;

  @ApiPropertyOptional({ ...PADDING, description: 'Recorded after its end' })
  @IsLeftOutOr()
  @IsInt()
  @Min(0)
  @Max(MAX_PADDING_SEC)
  paddingAfterSec?: number;
}

export class NamedThing {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ description: 'Also of one that was deleted since', example: 'Loading bay' })
  name!: string;
}

export class OccurrenceFailure {
  @ApiProperty({ example: 'SCHEDULE.MISSED' })
  code!: string;

  @ApiProperty({ example: 'No recorder began it before its time was over.' })
  message!: string;
}

export class OccurrenceResponse {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ type: NamedThing })
  schedule!: NamedThing;

  @ApiProperty({ type: NamedThing })
  camera!: NamedThing;

  @ApiProperty({ ...OCCURRENCE_STATUS, example: 'scheduled' })
  status!: OccurrenceStatus;

  @ApiProperty(INSTANT) startsAt!: string;
  @ApiProperty(INSTANT) endsAt!: string;

  @ApiProperty({ ...INSTANT, description: 'Recorded from then on: `startsAt` less the padding' })
  recordFrom!: string;

  @ApiProperty({ ...INSTANT, description: 'Recorded until then: `endsAt` and the padding' })
  recordTo!: string;

  @ApiProperty({ description: 'Somebody has moved it: its schedule does not move it any more', example: false })
  edited!: boolean;

  @ApiProperty({
    type: 'string',
    format: 'uuid',
    nullable: true,
    description: 'Null before it begins, and when it was deleted',
  })
  playbackId!: string | null;

  @ApiProperty({
    type: [String],
    items: { type: 'string', format: 'uuid' },
    description: 'Those of attempts before the last',
  })
  earlierPlaybackIds!: string[];

  @ApiProperty({ ...INT32, description: 'How often it was begun', example: 0 })
  attempts!: number;

  @ApiProperty({ type: 'string', nullable: true, description: 'What is unusual about its times', example: null })
  note!: string | null;

  @ApiProperty({ type: OccurrenceFailure, nullable: true, description: 'Of one that has failed' })
  failure!: OccurrenceFailure | null;
}

export class OccurrenceListResponse {
  @ApiProperty({ type: [OccurrenceResponse] })
  data!: OccurrenceResponse[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Send it as `cursor` for the next page; null on the last one',
  })
  nextCursor!: string | null;
}
