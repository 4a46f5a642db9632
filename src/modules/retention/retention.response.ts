import { ApiProperty } from '@nestjs/swagger';
import { INT32, INT64 } from '../../common/api-schemas.js';
import type { KeptKind } from '../../schema/kept-kind.js';
import type { LimitSource } from '../../schema/limit-source.js';
import { KEPT_KIND, LIMIT_SOURCE } from '../../schema/named-enums.js';

export class PolicyResponse {
  @ApiProperty({ ...KEPT_KIND, nullable: true, description: 'Null: every kind' })
  kind!: KeptKind | null;

  @ApiProperty({ ...INT32, nullable: true, description: '0: for ever; null: nothing is said of it', example: 30 })
  days!: number | null;

  @ApiProperty({ ...INT64, nullable: true, description: '0: no limit', example: null })
  maxBytes!: number | null;

  @ApiProperty({ ...INT32, nullable: true, example: 2 })
  keepDays!: number | null;
}

export class EffectiveLimitResponse {
  @ApiProperty({ ...INT64, example: 30 })
  value!: number;

  @ApiProperty({ ...LIMIT_SOURCE, example: 'kind' })
  from!: LimitSource;
}

export class EffectiveLimitsResponse {
  @ApiProperty({ ...KEPT_KIND, example: 'continuous' })
  kind!: KeptKind;

  @ApiProperty({ type: EffectiveLimitResponse, description: '0: for ever' })
  days!: EffectiveLimitResponse;

  @ApiProperty({ type: EffectiveLimitResponse, description: '0: no limit' })
  maxBytes!: EffectiveLimitResponse;

  @ApiProperty({ type: EffectiveLimitResponse })
  keepDays!: EffectiveLimitResponse;
}

export class RetentionResponse {
  @ApiProperty({ type: [PolicyResponse], description: 'What was said here' })
  policies!: PolicyResponse[];

  @ApiProperty({ type: [EffectiveLimitsResponse], description: 'What holds for each kind' })
  effective!: EffectiveLimitsResponse[];
}

export class RunRowResponse {
  @ApiProperty({ format: 'uuid' })
  cameraId!: string;

  @ApiProperty({ ...KEPT_KIND, example: 'continuous' })
  kind!: KeptKind;

  @ApiProperty({ ...INT32, description: 'Segments or playbacks that go', example: 1_440 })
  objects!: number;

  @ApiProperty({ ...INT64, description: 'Their bytes', example: 43_200_000_000 })
  bytes!: number;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'When the oldest of them begins; null: none goes',
  })
  oldestAt!: string | null;

  @ApiProperty({ ...INT32, description: 'Those that would go but for a pin', example: 60 })
  heldObjects!: number;

  @ApiProperty({ ...INT64, example: 1_800_000_000 })
  heldBytes!: number;

  @ApiProperty({ type: [String], description: 'What holds them', example: ['lock'] })
  heldBy!: string[];
}

export class RetentionRunResponse {
  @ApiProperty({ type: Boolean, description: 'true: nothing was deleted' })
  dryRun!: boolean;

  @ApiProperty({ type: [RunRowResponse], description: 'By camera and kind, where something goes or is held' })
  cameras!: RunRowResponse[];
}
