import { sentenceOf } from '../../common/error-catalogue.js';
import type { OccurrenceResponse } from './occurrence.dto.js';
import type { ShownOccurrence } from './occurrence.repository.js';

export function toOccurrenceResponse(occurrence: ShownOccurrence): OccurrenceResponse {
  const { id, status, edited, playbackId, earlierPlaybackIds, attempts, note } = occurrence;
  return {
    ...{ id, status, edited, playbackId, earlierPlaybackIds, attempts, note },
    schedule: { id: occurrence.scheduleId, name: occurrence.scheduleName },
    camera: { id: occurrence.cameraId, name: occurrence.cameraName },
    startsAt: occurrence.startsAt.toISOString(),
    endsAt: occurrence.endsAt.toISOString(),
    recordFrom: occurrence.recordFrom.toISOString(),
    recordTo: occurrence.recordTo.toISOString(),
    failure: failureOf(occurrence),
  };
}

function failureOf({ state, status, failureCode, failureMessage }: ShownOccurrence): OccurrenceResponse['failure'] {
  if (status !== 'failed') return null;
  if (state === 'planned') return { code: 'SCHEDULE.MISSED', message: sentenceOf({ code: 'SCHEDULE.MISSED' }) };
  return failureCode === null ? null : { code: failureCode, message: failureMessage ?? '' };
}
