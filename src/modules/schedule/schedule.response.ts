import { ApiProperty } from '@nestjs/swagger';
import { INT32 } from '../../common/api-schemas.js';
import { RuleDto } from './schedule.dto.js';

const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const instant = (description: string) =>
  ApiProperty({ type: 'string', format: 'date-time', description, example: '2026-10-25T01:30:00.000Z' });
const dateOrNull = () => ApiProperty({ type: 'string', format: 'date', nullable: true, example: null });
const seconds = (example: number) => ApiProperty({ ...INT32, example });

export class ScheduleResponse {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ example: 'Loading bay, working days' })
  name!: string;

  @ApiProperty({ type: [String], items: { type: 'string', format: 'uuid' } })
  cameraIds!: string[];

  @ApiProperty({ type: RuleDto })
  rule!: RuleDto;

  @ApiProperty({ example: 'Europe/Berlin' })
  timeZone!: string;

  @ApiProperty({ ...INT32, nullable: true, example: 3_600 })
  durationSec!: number | null;

  @ApiProperty({ type: 'string', nullable: true, example: null })
  until!: string | null;

  @dateOrNull() firstDate!: string | null;
  @dateOrNull() lastDate!: string | null;

  @ApiProperty({ type: [String], items: { type: 'string', format: 'date' } })
  exceptDates!: string[];

  @seconds(0) paddingBeforeSec!: number;
  @seconds(0) paddingAfterSec!: number;

  @ApiProperty({ example: true })
  enabled!: boolean;

  @ApiProperty({ ...INT32, description: 'Send it as `If-Match` with a change', example: 1 })
  version!: number;

  @instant('When it was made') createdAt!: string;
  @instant('When it was changed last') updatedAt!: string;
}

export class ScheduleListResponse {
  @ApiProperty({ type: [ScheduleResponse] })
  data!: ScheduleResponse[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Send it as `cursor` for the next page; null on the last one',
  })
  nextCursor!: string | null;
}

export class PreviewedOccurrence {
  @instant('When it begins') startsAt!: string;
  @instant('When it ends') endsAt!: string;
  @instant('`startsAt` less the padding') recordFrom!: string;
  @instant('`endsAt` and the padding') recordTo!: string;

  @ApiProperty({ description: 'What the clocks show when it begins', example: '2026-10-25T02:30' })
  localStart!: string;

  @ApiProperty({ description: 'What the clocks show when it ends', example: '2026-10-25T03:30' })
  localEnd!: string;

  @ApiProperty({ ...INT32, description: 'Time that passes from its start to its end', example: 3_600 })
  lengthSec!: number;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'What is unusual about it, as where clocks change; null: nothing',
    example: 'The clocks show twice 2026-10-25T02:30: it begins at the earlier one.',
  })
  note!: string | null;
}

export class PreviewResponse {
  @ApiProperty({ type: [PreviewedOccurrence], description: 'The next ones, in order' })
  occurrences!: PreviewedOccurrence[];
}
