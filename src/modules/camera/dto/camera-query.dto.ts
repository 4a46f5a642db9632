import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { IsCursor, IsLeftOutOr } from './validators.js';

export class ListCamerasQuery {
  @ApiPropertyOptional({ example: 50, default: 50, minimum: 1, maximum: 200 })
  @IsLeftOutOr()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;

  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @IsLeftOutOr()
  @IsCursor()
  cursor?: string;
}

export class DiscoverDto {
  @ApiPropertyOptional({
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
