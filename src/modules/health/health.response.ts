import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { type CheckResult, type Readiness, READINESS_STATUSES, type ReadinessStatus } from './health.service.js';

export class LivenessResponse {
  @ApiProperty({ type: 'string', enum: ['ok'], example: 'ok' })
  status!: 'ok';
}

export class CheckResponse implements CheckResult {
  @ApiProperty({ example: true })
  ok!: boolean;

  @ApiProperty({ description: 'What was found, in a few words', example: 'answers' })
  detail!: string;
}

@ApiExtraModels(CheckResponse)
export class ReadinessResponse implements Readiness {
  @ApiProperty({
    enum: READINESS_STATUSES,
    enumName: 'ReadinessStatus',
    description: 'degraded: it takes events, and something that it needs later is away. unavailable: it takes none',
    example: 'ok',
  })
  status!: ReadinessStatus;

  @ApiProperty({
    type: 'object',
    description: 'By name',
    additionalProperties: { $ref: getSchemaPath(CheckResponse) },
  })
  checks!: Record<string, CheckResponse>;
}
