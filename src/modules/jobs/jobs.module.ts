import { Global, Module } from '@nestjs/common';
import { GraphileQueue } from './graphile.queue.js';
import { JobHandlers, JobQueue } from './job-queue.port.js';

@Global()
@Module({
  providers: [JobHandlers, GraphileQueue, { provide: JobQueue, useExisting: GraphileQueue }],
  exports: [JobHandlers, JobQueue],
})
export class JobsModule {}
