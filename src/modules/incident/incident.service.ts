import { Injectable } from '@nestjs/common';
import { formatCursor } from '../../common/keyset.js';
import { readPosition } from '../../common/page-query.js';
import type { ListIncidentsQuery } from './incident.dto.js';
import { toResponse } from './incident.presenter.js';
import { IncidentRepository } from './incident.repository.js';
import type { IncidentListResponse } from './incident.response.js';

/** Lists incidents. */
@Injectable()
export class IncidentService {
  constructor(private readonly incidents: IncidentRepository) {}

  async list(query: ListIncidentsQuery): Promise<IncidentListResponse> {
    const { limit } = query;
    // One more than asked for tells whether there is a next page.
    const found = await this.incidents.findPage(query, limit + 1, readPosition(query));
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(toResponse),
      nextCursor: last ? formatCursor({ at: last.beganAt, id: last.id }) : null,
    };
  }
}
