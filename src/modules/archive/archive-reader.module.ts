import { Global, Module } from '@nestjs/common';
import { ArchivedFootageReader } from './archived-footage.reader.js';
import { FootagePins } from './footage-pins.repository.js';
import { SegmentRangesRepository } from './segment-ranges.repository.js';

/** Reads the archive and pins what is wanted of it, in every process. Takes DataSource, AppLogger and FootageStore from global modules. */
@Global()
@Module({
  providers: [ArchivedFootageReader, FootagePins, SegmentRangesRepository],
  exports: [ArchivedFootageReader, FootagePins, SegmentRangesRepository],
})
export class ArchiveReaderModule {}
