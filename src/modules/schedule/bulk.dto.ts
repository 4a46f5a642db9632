import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsUUID } from 'class-validator';
import { ERROR_CODE_SCHEMA } from '../../common/api-schemas.js';
import { OCCURRENCE_ACTION, SCHEDULE_ACTION } from '../../schema/named-enums.js';
import { OCCURRENCE_ACTIONS } from '../../schema/occurrence.entity.js';
import { SCHEDULE_ACTIONS } from '../../schema/schedule.entity.js';

/** One request does not keep others from the database for minutes. */
const MAX_BULK = 500;
const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

class BulkDto {
  @ApiProperty({
    type: [String],
    items: { type: 'string', format: 'uuid' },
    minItems: 1,
    maxItems: MAX_BULK,
    example: [EXAMPLE_ID],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_BULK)
  @IsUUID(undefined, { each: true })
  ids!: string[];
}

export class BulkSchedulesDto extends BulkDto {
  @ApiProperty({ ...SCHEDULE_ACTION, example: 'disable' })
  @IsIn(SCHEDULE_ACTIONS)
  action!: (typeof SCHEDULE_ACTIONS)[number];
}

export class BulkOccurrencesDto extends BulkDto {
  @ApiProperty({ ...OCCURRENCE_ACTION, example: 'cancel' })
  @IsIn(OCCURRENCE_ACTIONS)
  action!: (typeof OCCURRENCE_ACTIONS)[number];
}

export class BulkResult {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ example: false })
  ok!: boolean;

  @ApiProperty({ ...ERROR_CODE_SCHEMA, nullable: true, example: 'OCCURRENCE.OVER' })
  code!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: 'The time of the occurrence is over.' })
  message!: string | null;
}

export class BulkResponse {
  @ApiProperty({ type: [BulkResult], description: 'One for each id, in their order' })
  results!: BulkResult[];
}
