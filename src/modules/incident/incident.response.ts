import { ApiProperty } from '@nestjs/swagger';
import type { IncidentKind } from '../../schema/incident.entity.js';
import { INCIDENT_KIND } from '../../schema/named-enums.js';

const EXAMPLE_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

const idOrNull = (description: string) =>
  ApiProperty({ type: 'string', format: 'uuid', nullable: true, description, example: EXAMPLE_ID });

export class IncidentResponse {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id!: string;

  @ApiProperty({ ...INCIDENT_KIND, example: 'camera_silent' })
  kind!: IncidentKind;

  @idOrNull('The camera that it is about, or whose recording') cameraId!: string | null;
  @idOrNull('The playback that it is about') playbackId!: string | null;
  @idOrNull('The recorder that it is about, or that saw it') nodeId!: string | null;

  @ApiProperty({
    description: 'What was found last, in one sentence',
    example: 'The camera gives no footage (CAMERA.UNREACHABLE): it did not answer.',
  })
  detail!: string;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'Since when it holds' })
  beganAt!: string;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Null while it goes on' })
  endedAt!: string | null;
}

export class IncidentListResponse {
  @ApiProperty({ type: [IncidentResponse] })
  data!: IncidentResponse[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Send it as `cursor` for the next page; null on the last one',
  })
  nextCursor!: string | null;
}
