import { Global, Module } from '@nestjs/common';
import { RecorderNodeRepository } from '../cluster/index.js';
import { FootageReader } from './footage-reader.service.js';

/** Reads footage wherever it lies, in every process: a player may ask any of them. */
@Global()
@Module({
  providers: [FootageReader, RecorderNodeRepository],
  exports: [FootageReader],
})
export class FootageReaderModule {}
