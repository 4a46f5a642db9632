import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';
import { parseInstant } from '../../common/instant.js';
import { PageQuery } from '../../common/page-query.js';
import { splitList } from '../../common/split-list.js';
import { RECORDING_STATUSES, type RecordingStatus } from '../../schema/playback-state.js';
import { INT32 } from '../../common/api-schemas.js';
import { PLAYBACK_KINDS, type PlaybackKind } from '../../schema/playback-state.js';
import { PLAYBACK_KIND, RECORDING_STATUS } from '../../schema/named-enums.js';

const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

/** Twelve hours: whoever wants more wants to record always. */
export const MAX_DURATION_SEC = 43_200;

export class StartRecordingDto {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  @IsUUID()
  cameraId!: string;

  @ApiPropertyOptional({
    ...INT32,
    minimum: 1,
    maximum: MAX_DURATION_SEC,
    example: 600,
    description:
      'Ends by itself so long after this request, the time that a cold camera takes to its first picture included; default: the camera’s `maxRecordingSec`',
  })
  @IsLeftOutOr()
  @IsInt()
  @Min(1)
  @Max(MAX_DURATION_SEC)
  durationSec?: number;

  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    description: 'Footage from this past instant on; default: from now on, with the camera’s pre-roll',
    example: '2026-01-31T12:00:00Z',
  })
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate({ message: 'from must be an instant in UTC or with its offset, like 2026-01-31T12:00:00Z' })
  from?: Date;

  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    description:
      'Up to this instant, in place of `durationSec`. If it is past, nothing is recorded: the footage comes from the archive',
    example: '2026-01-31T13:00:00Z',
  })
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate({ message: 'to must be an instant in UTC or with its offset, like 2026-01-31T12:00:00Z' })
  to?: Date;
}

export class ListPlaybacksQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'The playback of this event' })
  @IsOptional()
  @IsUUID()
  eventId?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The playbacks of this camera' })
  @IsOptional()
  @IsUUID()
  cameraId?: string;

  @ApiPropertyOptional({ ...PLAYBACK_KIND, description: 'The playbacks of this kind', example: 'schedule' })
  @IsOptional()
  @IsIn(PLAYBACK_KINDS)
  kind?: PlaybackKind;

  @ApiPropertyOptional({
    ...RECORDING_STATUS,
    isArray: true,
    description: 'Any of these: repeated, or with commas between',
    example: ['COMPLETED', 'FAILED'],
  })
  @IsOptional()
  @Transform(splitList)
  @IsIn(RECORDING_STATUSES, {
    each: true,
    message: `each value in recordingStatus must be one of ${RECORDING_STATUSES.join(', ')}`,
  })
  recordingStatus?: RecordingStatus[];

  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    description: 'Created at this instant or later',
    example: '2026-01-31T12:00:00Z',
  })
  @IsOptional()
  @Transform(parseInstant)
  @IsDate({ message: 'from must be an instant in UTC or with its offset, like 2026-01-31T12:00:00Z' })
  from?: Date;

  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    description: 'Created before this instant',
    example: '2026-02-01T00:00:00Z',
  })
  @IsOptional()
  @Transform(parseInstant)
  @IsDate({ message: 'to must be an instant in UTC or with its offset, like 2026-02-01T00:00:00Z' })
  to?: Date;
}

export class StopResponse {
  @ApiProperty({ type: 'boolean', enum: [true] })
  ok!: true;

  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  playbackId!: string;

  @ApiProperty({ ...RECORDING_STATUS, example: 'RECORDING', description: 'PROCESSING follows by itself' })
  recordingStatus!: RecordingStatus;
}

export class DownloadUrlResponse {
  @ApiProperty({
    example: `http://localhost:3000/playbacks/${EXAMPLE_ID}/video?expires=1769860800&signature=kO3v…`,
  })
  url!: string;

  @ApiProperty({ type: 'string', format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  expiresAt!: string;
}
