import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDate, IsObject, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import { parseInstant } from '../../common/instant.js';
import { PageQuery } from '../../common/page-query.js';
import type { RecordingStatus } from '../../schema/playback-state.js';
import type { RecordingDecision } from '../../schema/event.entity.js';
import { INT32 } from '../../common/api-schemas.js';
import { RECORDING_DECISION, RECORDING_STATUS } from '../../schema/named-enums.js';

const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const EXAMPLE_INSTANT = '2026-01-31T12:00:00.000Z';
/** One word; lower case is taken and stored as upper case. */
const EVENT_TYPE = /^[A-Za-z][A-Za-z0-9_.-]{0,49}$/;

function upperCase({ value }: { value: unknown }): unknown {
  return typeof value === 'string' ? value.toUpperCase() : value;
}

export class CreateEventDto {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  @IsUUID()
  cameraId!: string;

  @ApiProperty({
    example: 'MOTION',
    description: 'A type in the camera’s `recordOn` records; that is MOTION unless changed',
  })
  @Transform(upperCase)
  @Matches(EVENT_TYPE, { message: 'type must be one word of at most 50 letters, digits, "_", "." or "-", like MOTION' })
  type!: string;

  @ApiPropertyOptional({ example: 'Somebody at the back door', maxLength: 2_000 })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  description?: string;

  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    example: EXAMPLE_INSTANT,
    description:
      'Default: now. A time in the future, from a sensor whose clock is ahead, is taken as now, and kept in `reportedAt`',
  })
  @IsOptional()
  @Transform(parseInstant)
  @IsDate({ message: `occurredAt must be an instant in UTC or with its offset, like ${EXAMPLE_INSTANT}` })
  occurredAt?: Date;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { zone: 'porch', score: 0.93 } })
  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;
}

export class ListEventsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'The events of this camera' })
  @IsOptional()
  @IsUUID()
  cameraId?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The events that opened or joined this playback' })
  @IsOptional()
  @IsUUID()
  playbackId?: string;

  @ApiPropertyOptional({ example: 'MOTION', description: 'The events of this type' })
  @IsOptional()
  @Transform(upperCase)
  @Matches(EVENT_TYPE, { message: 'type must be one word, like MOTION' })
  type?: string;

  @ApiPropertyOptional({ type: 'string', format: 'date-time', description: 'Occurred at this instant or later' })
  @IsOptional()
  @Transform(parseInstant)
  @IsDate({ message: `from must be an instant in UTC or with its offset, like ${EXAMPLE_INSTANT}` })
  from?: Date;

  @ApiPropertyOptional({ type: 'string', format: 'date-time', description: 'Occurred before this instant' })
  @IsOptional()
  @Transform(parseInstant)
  @IsDate({ message: `to must be an instant in UTC or with its offset, like ${EXAMPLE_INSTANT}` })
  to?: Date;
}

export class NamedCamera {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ example: 'Back door' })
  name!: string;
}

export class RecordingAnswer {
  @ApiProperty({
    ...RECORDING_DECISION,
  })
  state!: RecordingDecision;

  @ApiPropertyOptional({ example: 'Events of type DOORBELL do not record on this camera.' })
  reason?: string;
}

export class EventResponse {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ type: NamedCamera })
  camera!: NamedCamera;

  @ApiProperty({ example: 'MOTION' })
  type!: string;

  @ApiProperty({ type: 'string', nullable: true })
  description!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', example: EXAMPLE_INSTANT })
  occurredAt!: string;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description:
      'The `occurredAt` that was sent, when it was in the future: then `occurredAt` is the moment of receipt, and the sender’s clock is ahead. Else null',
  })
  reportedAt!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  endedAt!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { zone: 'porch' } })
  metadata!: Record<string, unknown>;

  @ApiProperty({ type: 'string', format: 'date-time', example: EXAMPLE_INSTANT })
  createdAt!: string;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, example: EXAMPLE_ID })
  playbackId!: string | null;

  @ApiProperty({ type: RecordingAnswer })
  recording!: RecordingAnswer;
}

export class EventListResponse {
  @ApiProperty({ type: [EventResponse] })
  data!: EventResponse[];

  @ApiProperty({ ...INT32, description: 'How many match the filters', example: 1 })
  total!: number;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Send it as `cursor` for the next page; null on the last one',
  })
  nextCursor!: string | null;
}

export class EndEventResponse {
  @ApiProperty({ type: 'boolean', enum: [true] })
  ok!: true;

  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  eventId!: string;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, example: EXAMPLE_ID })
  playbackId!: string | null;

  @ApiProperty({
    ...RECORDING_STATUS,
    nullable: true,
    example: 'RECORDING',
    description: 'As it is at this moment; PROCESSING and COMPLETED follow by themselves. Null: nothing was recorded.',
  })
  recordingStatus!: RecordingStatus | null;
}
