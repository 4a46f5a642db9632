import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDate, IsString, IsUUID, MaxLength } from 'class-validator';
import { parseInstant } from '../../common/instant.js';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';

const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const MAX_NOTE = 1_000;

const instant = (description: string, example: string) =>
  ApiPropertyOptional({ type: 'string', format: 'date-time', description, example });
const message = 'must be an instant in UTC or with its offset, like 2026-01-31T12:00:00Z';

export class CreateLockDto {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Lock footage of this camera, `from` up to `to`',
    example: EXAMPLE_ID,
  })
  @IsLeftOutOr()
  @IsUUID()
  cameraId?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Lock this playback, and no footage' })
  @IsLeftOutOr()
  @IsUUID()
  playbackId?: string;

  @instant('The first instant of the footage', '2026-01-31T12:00:00Z')
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate({ message: `from ${message}` })
  from?: Date;

  @instant('The instant after its last one', '2026-01-31T12:30:00Z')
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate({ message: `to ${message}` })
  to?: Date;

  @instant('The lock holds until then; left out: until somebody takes it off', '2026-03-31T12:00:00Z')
  @IsLeftOutOr()
  @Transform(parseInstant)
  @IsDate({ message: `until ${message}` })
  until?: Date;

  @ApiPropertyOptional({ maxLength: MAX_NOTE, description: 'Why', example: 'asked for by the police' })
  @IsLeftOutOr()
  @IsString()
  @MaxLength(MAX_NOTE)
  note?: string;
}

export class SpanResponse {
  @ApiProperty({ type: 'string', format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  startAt!: string;

  @ApiProperty({ type: 'string', format: 'date-time', example: '2026-01-31T12:30:00.000Z' })
  endAt!: string;
}

export class LockResponse {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  cameraId!: string;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, description: 'Null: it holds footage' })
  playbackId!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Null for a playback' })
  from!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  to!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Null: until it is taken off' })
  until!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: 'asked for by the police' })
  note!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt!: string;
}

export class NewLockResponse extends LockResponse {
  @ApiProperty({ type: [SpanResponse], description: 'What of the range there is, and stays; empty for a playback' })
  covered!: SpanResponse[];

  @ApiProperty({ type: [SpanResponse], description: 'What of the range there is no footage of, or not yet' })
  missing!: SpanResponse[];
}

export class LockListResponse {
  @ApiProperty({ type: [LockResponse] })
  data!: LockResponse[];
}
