import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { AppConfig } from '../../config/app-config.js';
import { TOMBSTONE_STORES } from '../../schema/footage.entity.js';
import { RoomNeeds } from './room-needs.js';
import { RoomRepository } from './room.repository.js';
import { StorageResponse } from './storage.response.js';
import { TombstoneRepository } from './tombstone.repository.js';

@ApiTags('retention')
@Controller('storage')
export class StorageController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly room: RoomRepository,
    private readonly needs: RoomNeeds,
    private readonly tombstones: TombstoneRepository,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'getStorage', summary: 'What takes how much, and how much room there is' })
  @ApiOkResponse({ description: 'As it is now', type: StorageResponse })
  @ApiProblems('REQUEST.INVALID')
  async get(): Promise<StorageResponse> {
    const { manager } = this.dataSource;
    const disks = await this.needs.findDisks();
    return {
      bytes: await this.room.countBytes(manager),
      maxBytes: this.config.retention.maxBytes,
      tombstonedBytes: await this.tombstones.countBytes(manager, TOMBSTONE_STORES),
      usage: await this.room.findUsage(manager),
      disks: disks.map(({ place, disk: { freeBytes, totalBytes }, targetBytes }) => ({
        ...{ place, freeBytes, totalBytes, targetBytes },
        stopBytes: this.config.recording.minFreeDiskBytes,
      })),
    };
  }
}
