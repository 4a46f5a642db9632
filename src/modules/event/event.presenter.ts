import type { CameraEvent } from '../../schema/event.entity.js';
import type { CreateEventDto, EventResponse } from './event.dto.js';
import type { Trigger } from './domain/trigger.js';

export function toTrigger({ cameraId, type, description, occurredAt, metadata }: CreateEventDto): Trigger {
  return { cameraId, type, description: description ?? null, saidAt: occurredAt ?? null, metadata: metadata ?? {} };
}

export function toResponse(event: CameraEvent): EventResponse {
  const { camera, playbackId, recordingDecision: state, recordingReason: reason } = event;
  return {
    id: event.id,
    camera: { id: event.cameraId, name: camera?.name ?? '' },
    type: event.type,
    description: event.description,
    occurredAt: event.occurredAt.toISOString(),
    reportedAt: event.reportedAt?.toISOString() ?? null,
    endedAt: event.endedAt?.toISOString() ?? null,
    metadata: event.metadata,
    createdAt: event.createdAt.toISOString(),
    playbackId,
    recording: { state, ...(reason === null ? {} : { reason }) },
  };
}
