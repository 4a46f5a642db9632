import { ApiProperty } from '@nestjs/swagger';
import { INT64 } from '../../common/api-schemas.js';
import type { KeptKind } from '../../schema/kept-kind.js';
import { KEPT_KIND } from '../../schema/named-enums.js';

export class UsageResponse {
  @ApiProperty({ format: 'uuid' })
  cameraId!: string;

  @ApiProperty({ description: 'Name of the camera', example: 'Yard' })
  cameraName!: string;

  @ApiProperty({ type: Boolean, description: 'Whether the camera is deleted' })
  isDeleted!: boolean;

  @ApiProperty({ ...KEPT_KIND, example: 'continuous' })
  kind!: KeptKind;

  @ApiProperty({ ...INT64, example: 302_400_000_000 })
  bytes!: number;

  @ApiProperty({ ...INT64, description: 'Segments or videos', example: 10_080 })
  objects!: number;
}

export class DiskResponse {
  @ApiProperty({ description: 'The stores on it', example: 'footage+playbacks' })
  place!: string;

  @ApiProperty({ ...INT64, example: 90_000_000_000 })
  freeBytes!: number;

  @ApiProperty({ ...INT64, example: 1_000_000_000_000 })
  totalBytes!: number;

  @ApiProperty({ ...INT64, description: 'The oldest goes while less is free; 0: never', example: 50_000_000_000 })
  targetBytes!: number;

  @ApiProperty({ ...INT64, description: 'Nothing is recorded while less is free', example: 1_073_741_824 })
  stopBytes!: number;
}

export class StorageResponse {
  @ApiProperty({ ...INT64, description: 'Of everything that is kept', example: 302_400_000_000 })
  bytes!: number;

  @ApiProperty({ ...INT64, description: 'The oldest goes while there is more; 0: no limit', example: 0 })
  maxBytes!: number;

  @ApiProperty({ ...INT64, description: 'Deleted already, and still in a store', example: 0 })
  tombstonedBytes!: number;

  @ApiProperty({ type: [UsageResponse], description: 'By camera and kind, the largest first' })
  usage!: UsageResponse[];

  @ApiProperty({ type: [DiskResponse], description: 'Local disks as this process sees them' })
  disks!: DiskResponse[];
}
