import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsUUID,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { INT32, INT64 } from '../../common/api-schemas.js';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';
import { KEPT_KINDS, type KeptKind } from '../../schema/kept-kind.js';
import { KEPT_KIND } from '../../schema/named-enums.js';
import type { KindPolicy } from './policy.repository.js';

const MAX_DAYS = 36_500;

export class PolicyDto {
  @ApiPropertyOptional({ ...KEPT_KIND, nullable: true, description: 'Left out or null: every kind' })
  @IsOptional()
  @IsIn(KEPT_KINDS)
  kind?: KeptKind | null;

  @ApiPropertyOptional({
    ...INT32,
    nullable: true,
    minimum: 0,
    maximum: MAX_DAYS,
    description: 'What ended so many days ago goes; 0: never for its age; left out or null: nothing is said of that',
    example: 30,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_DAYS)
  days?: number | null;

  @ApiPropertyOptional({
    ...INT64,
    nullable: true,
    minimum: 0,
    description: 'Of one camera and kind; above it the oldest goes; 0: no limit',
    example: 500_000_000_000,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  maxBytes?: number | null;

  @ApiPropertyOptional({
    ...INT32,
    nullable: true,
    minimum: 0,
    maximum: MAX_DAYS,
    description: 'What ended within so many days never goes to make room',
    example: 2,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_DAYS)
  keepDays?: number | null;
}

export class PutRetentionDto {
  @ApiProperty({ type: [PolicyDto], description: 'One for each kind at most, and one for every kind' })
  @IsArray()
  @ArrayMaxSize(KEPT_KINDS.length + 1)
  @ArrayUnique(({ kind }: PolicyDto) => kind ?? null)
  @ValidateNested({ each: true })
  @Type(() => PolicyDto)
  policies!: PolicyDto[];
}

export class RunRetentionDto {
  @ApiPropertyOptional({
    default: false,
    description: 'true: nothing is deleted; the answer says what would be',
    example: true,
  })
  @IsLeftOutOr()
  @IsBoolean()
  dryRun?: boolean;

  @ApiPropertyOptional({
    ...INT32,
    minimum: 1,
    maximum: MAX_DAYS,
    description: 'For this run in place of the days of the policies',
    example: 30,
  })
  @IsLeftOutOr()
  @IsInt()
  @Min(1)
  @Max(MAX_DAYS)
  days?: number;

  @ApiPropertyOptional({
    ...INT64,
    minimum: 1,
    description: 'For this run in place of the bytes of the policies',
  })
  @IsLeftOutOr()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  maxBytes?: number;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only of this camera; it may be deleted' })
  @IsLeftOutOr()
  @IsUUID()
  cameraId?: string;

  @ApiPropertyOptional({ ...KEPT_KIND, description: 'Only of this kind' })
  @IsLeftOutOr()
  @IsIn(KEPT_KINDS)
  kind?: KeptKind;
}

/** What is left out is not said. */
export function toPolicy({ kind = null, days = null, maxBytes = null, keepDays = null }: PolicyDto): KindPolicy {
  return { kind, days, maxBytes, keepDays };
}
