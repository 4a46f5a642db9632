import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsUUID } from 'class-validator';
import { PageQuery } from '../../common/page-query.js';
import { parseBoolean } from '../../common/parse-boolean.js';
import { INCIDENT_KINDS, type IncidentKind } from '../../schema/incident.entity.js';
import { INCIDENT_KIND } from '../../schema/named-enums.js';

export class ListIncidentsQuery extends PageQuery {
  @ApiPropertyOptional({ type: 'boolean', description: 'true: those that go on; false: those that have ended' })
  @IsOptional()
  @Transform(parseBoolean)
  @IsBoolean({ message: 'open must be true or false' })
  open?: boolean;

  @ApiPropertyOptional({ ...INCIDENT_KIND, description: 'The incidents of this kind' })
  @IsOptional()
  @IsIn(INCIDENT_KINDS)
  kind?: IncidentKind;

  @ApiPropertyOptional({ format: 'uuid', description: 'The incidents of this camera, and of its recordings' })
  @IsOptional()
  @IsUUID()
  cameraId?: string;
}
