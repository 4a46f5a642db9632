import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { INT32, INT64 } from '../../common/api-schemas.js';
import { SEGMENT_STATES } from '../../schema/footage.entity.js';
import { FOOTAGE_GAP_CAUSES, type FootageGapCause } from './domain/gaps.js';
import { FOOTAGE_PLACES, type FootagePlace } from './domain/spans.js';

const INSTANT = { type: 'string', format: 'date-time' } as const;
const SEGMENT_STATUSES = [...SEGMENT_STATES, 'trashed', 'missing'] as const;
export type SegmentStatus = (typeof SEGMENT_STATUSES)[number];

export class FootageSpanResponse {
  @ApiProperty({ ...INSTANT, example: '2026-01-31T12:00:00.000Z' })
  startAt!: string;

  @ApiProperty({ ...INSTANT, example: '2026-01-31T12:42:10.480Z' })
  endAt!: string;

  @ApiProperty({
    enum: FOOTAGE_PLACES,
    enumName: 'FootagePlace',
    description:
      'stored: in the store. local: on the disk of its recorder, on its way to the store. live: in the segment that is being written',
  })
  place!: FootagePlace;

  @ApiProperty({ description: 'Equal for footage whose streams are described alike: it fits in one file as it is' })
  config!: string;

  @ApiProperty({ ...INT64, description: 'What of its segments falls in the range', example: 1_310_720_000 })
  bytes!: number;
}

export class FootageGapResponse {
  @ApiProperty({ ...INSTANT, example: '2026-01-31T12:42:10.480Z' })
  startAt!: string;

  @ApiProperty({ ...INSTANT, example: '2026-01-31T12:43:00.000Z' })
  endAt!: string;

  @ApiProperty({
    enum: FOOTAGE_GAP_CAUSES,
    enumName: 'FootageGapCause',
    description:
      'Why there is no footage. not_wanted: the camera was not continuous then. not_yet: it may be on its way. retention, quota, disk, deleted, ' +
      'lost: it was recorded and is not there any more. All others: it was never recorded',
    example: 'camera_lost',
  })
  cause!: FootageGapCause;

  @ApiProperty({ description: 'Whether there was footage, which was not kept' })
  wasRecorded!: boolean;
}

export class FootageSpansResponse {
  @ApiProperty({ ...INSTANT, description: 'Where the answer begins' })
  from!: string;

  @ApiProperty({ ...INSTANT, description: 'Where it ends: `to`, or now when that is earlier' })
  to!: string;

  @ApiProperty({
    type: [FootageSpanResponse],
    description: 'In order; one ends also where its place or its description changes',
  })
  spans!: FootageSpanResponse[];

  @ApiProperty({ type: [FootageGapResponse], description: 'In order; one ends also where its cause changes' })
  gaps!: FootageGapResponse[];

  @ApiProperty({ ...INT64, description: 'From `from` to `to`: `coveredMs`, all gaps, and `shortGapsMs` together' })
  expectedMs!: number;

  @ApiProperty({ ...INT64, description: 'How much of it is covered by footage' })
  coveredMs!: number;

  @ApiProperty({ ...INT64, description: 'How long the gaps are together that `minGapMs` leaves out' })
  shortGapsMs!: number;

  @ApiProperty({
    ...INSTANT,
    nullable: true,
    description: 'When the oldest footage of the camera begins that is stored',
  })
  oldestAt!: string | null;
}

export class FootageSegmentResponse {
  @ApiProperty({ ...INSTANT, example: '2026-01-31T12:00:00.000Z' })
  startAt!: string;

  @ApiProperty({ ...INSTANT, example: '2026-01-31T12:01:00.040Z' })
  endAt!: string;

  @ApiProperty({ description: 'The capture that it belongs to', example: '1769860800000-6f9619ff' })
  capture!: string;

  @ApiProperty({ ...INT32, description: 'In its capture, from 1 on', example: 12 })
  number!: number;

  @ApiProperty({ ...INT64, example: 31_457_280 })
  sizeBytes!: number;

  @ApiProperty({ ...INT32, description: 'Pictures', example: 1_500 })
  frames!: number;

  @ApiProperty({ description: 'MD5 of the whole segment', example: '9e107d9d372bb6826bd81d3542a419d6' })
  md5!: string;

  @ApiProperty({
    enum: SEGMENT_STATUSES,
    enumName: 'FootageSegmentState',
    description:
      'local: on the disk of its recorder, on its way. stored: in the store. trashed: in the trash. missing: its object is not in the store, though nobody deleted it',
  })
  state!: SegmentStatus;

  @ApiPropertyOptional({ description: 'Of its object in the store, once it is there' })
  key?: string;
}

export class FootageSegmentsResponse {
  @ApiProperty({ type: [FootageSegmentResponse], description: 'The oldest first' })
  data!: FootageSegmentResponse[];

  @ApiProperty({ type: 'string', nullable: true, description: 'For the next page; null: this is the last one' })
  nextCursor!: string | null;
}

export class FootageDayResponse {
  @ApiProperty({ type: 'string', format: 'date', example: '2026-10-25' })
  date!: string;

  @ApiProperty({ ...INSTANT, description: 'When it begins', example: '2026-10-24T22:00:00.000Z' })
  startAt!: string;

  @ApiProperty({ ...INSTANT, description: 'When the next one begins', example: '2026-10-25T23:00:00.000Z' })
  endAt!: string;

  @ApiProperty({ type: 'number', description: 'How long it is: 23, 24 or 25, or something between', example: 25 })
  hours!: number;

  @ApiProperty()
  hasFootage!: boolean;

  @ApiProperty({ description: 'Whether a lock or a hold keeps some of it' })
  locked!: boolean;

  @ApiPropertyOptional({ ...INT64, description: 'How much of it is covered by footage, with `detail`' })
  coveredMs?: number;

  @ApiPropertyOptional({
    ...INT64,
    description: 'What its segments take, with `detail`; without those that are in no store yet',
  })
  bytes?: number;
}

export class FootageDaysResponse {
  @ApiProperty({ description: 'Whose days they are', example: 'Europe/Berlin' })
  timeZone!: string;

  @ApiProperty({ type: [FootageDayResponse], description: 'Each day of the range, in order' })
  days!: FootageDayResponse[];
}

export class FootageStreamUrlResponse {
  @ApiProperty({
    description: 'For players',
    example:
      'http://localhost:3000/cameras/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/footage/playlist.m3u8?from=2026-01-31T12%3A00%3A00.000Z&expires=1769860800&signature=kO3v…',
  })
  playlistUrl!: string;

  @ApiProperty({ ...INSTANT, description: 'Until when it works', example: '2026-01-31T13:00:00.000Z' })
  expiresAt!: string;

  @ApiProperty({ ...INSTANT, nullable: true, description: 'Where it ends; null: it goes on to live' })
  endsAt!: string | null;
}
