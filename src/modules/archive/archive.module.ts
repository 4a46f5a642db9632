import { Global, Module } from '@nestjs/common';
import { ArchiveIncidents } from './archive-incidents.js';
import { BacklogRelief } from './backlog-relief.service.js';
import { LogArchivist } from './log-archivist.service.js';
import { PublishedSegments } from './published-segments.js';
import { SegmentPublicationRepository } from './segment-publication.repository.js';
import { SegmentPublisher } from './segment-publisher.service.js';
import { StoreIdentity } from './store-identity.service.js';

/** Brings footage from the log of this node into the archive: only in processes that record. */
@Global()
@Module({
  providers: [
    ArchiveIncidents,
    BacklogRelief,
    LogArchivist,
    PublishedSegments,
    SegmentPublicationRepository,
    SegmentPublisher,
    StoreIdentity,
  ],
  exports: [LogArchivist],
})
export class ArchiveModule {}
