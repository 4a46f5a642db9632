import type { Incident } from '../../schema/incident.entity.js';
import type { IncidentResponse } from './incident.response.js';

export function toResponse(incident: Incident): IncidentResponse {
  const { id, kind, cameraId, playbackId, nodeId, detail, beganAt, endedAt } = incident;
  return {
    ...{ id, kind, cameraId, playbackId, nodeId, detail },
    beganAt: beganAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
