import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { INT32, INT64 } from '../../common/api-schemas.js';
import type { GapCause } from '../../schema/ledger.js';
import { GAP_CAUSE } from '../../schema/named-enums.js';

const count = (description: string, example: number) => ApiProperty({ ...INT32, description, example });
const seconds = (description: string, example: number) => ApiProperty({ type: 'number', description, example });

export class GapSumResponse {
  @ApiProperty({ ...GAP_CAUSE, example: 'camera_lost' })
  cause!: GapCause;

  @count('How many gaps', 3) count!: number;
  @seconds('How long they are together', 41.2) seconds!: number;
}

export class StatisticsSumsResponse {
  @count('How many recordings begin here', 128) recordings!: number;
  @count('Those that are COMPLETED', 120) completed!: number;
  @count('Those that are FAILED', 2) failed!: number;
  @count('Those that have not ended yet', 6) open!: number;

  @ApiProperty({
    type: 'number',
    nullable: true,
    minimum: 0,
    maximum: 1,
    description: '`completed` of `completed` and `failed` together; null while there is neither',
    example: 0.98,
  })
  successRate!: number | null;

  @seconds('Footage of the completed ones', 5_421.08) seconds!: number;

  @ApiProperty({ ...INT64, description: 'Size of their videos', example: 1_310_720_000 })
  bytes!: number;

  @ApiProperty({
    type: [GapSumResponse],
    description: 'What is missing in the completed and the failed ones, by cause, the longest first',
  })
  gaps!: GapSumResponse[];
}

export class StatisticsGroupResponse extends StatisticsSumsResponse {
  @ApiPropertyOptional({
    type: 'string',
    format: 'date',
    description: 'The day, when `groupBy` names it',
    example: '2026-10-25',
  })
  date?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The camera, when `groupBy` names it; it may be deleted' })
  cameraId?: string;
}

export class StatisticsResponse {
  @ApiProperty({ type: 'string', format: 'date', description: 'The first day', example: '2026-10-01' })
  from!: string;

  @ApiProperty({ type: 'string', format: 'date', description: 'The day after the last one', example: '2026-11-01' })
  to!: string;

  @ApiProperty({ description: 'Whose days they are', example: 'Europe/Berlin' })
  timeZone!: string;

  @ApiProperty({ type: StatisticsSumsResponse, description: 'All groups together' })
  total!: StatisticsSumsResponse;

  @ApiProperty({
    type: [StatisticsGroupResponse],
    description:
      'Of each day, in order, also without recordings; with `camera` in `groupBy` only of what has recordings, by camera id',
  })
  groups!: StatisticsGroupResponse[];
}
