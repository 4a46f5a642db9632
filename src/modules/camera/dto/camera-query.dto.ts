import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { IsLeftOutOr } from '../../../common/is-left-out-or.decorator.js';
import { INT32 } from '../../../common/api-schemas.js';

export class DiscoverDto {
  @ApiPropertyOptional({
    ...INT32,
    example: 3000,
    default: 3000,
    minimum: 200,
    maximum: 10_000,
    description: 'How long answers are waited for',
  })
  @IsLeftOutOr()
  @IsInt()
  @Min(200)
  @Max(10_000)
  timeoutMs: number = 3_000;
}
