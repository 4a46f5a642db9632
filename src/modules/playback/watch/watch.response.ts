import { ApiProperty } from '@nestjs/swagger';
import type { RecordingStatus } from '../../../schema/playback-state.js';
import { GapResponse } from '../playback.response.js';
import { INT64 } from '../../../common/api-schemas.js';
import { RECORDING_STATUS } from '../../../schema/named-enums.js';

const instant = (nullable: boolean) => ApiProperty({ type: 'string', format: 'date-time', nullable });
const text = (description: string, example: string) =>
  ApiProperty({ type: 'string', nullable: true, description, example });
const flag = (description: string) => ApiProperty({ description, example: true });

export class WatchResponse {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ ...RECORDING_STATUS, example: 'RECORDING' })
  recordingStatus!: RecordingStatus;

  @ApiProperty({ example: 'Front door' })
  cameraName!: string;

  @text('Of the event that was recorded', 'MOTION')
  eventType!: string | null;

  @text('What its sender said', 'Motion at the gate')
  description!: string | null;

  @instant(false) createdAt!: string;
  @instant(true) startedAt!: string | null;
  @instant(true) endedAt!: string | null;

  @ApiProperty({ ...INT64, nullable: true, description: 'Footage, so far or in all', example: 12_040 })
  durationMs!: number | null;

  @ApiProperty({ type: [GapResponse] })
  gaps!: GapResponse[];

  @text('Why it failed, or why it is not stored yet', 'The store did not answer.')
  reason!: string | null;

  @flag('Its video has an index for streaming; false before COMPLETED')
  isStreamable!: boolean;

  @flag('There is a thumbnail')
  hasThumbnail!: boolean;

  @flag('There are pictures for scrubbing')
  hasSprite!: boolean;
}
