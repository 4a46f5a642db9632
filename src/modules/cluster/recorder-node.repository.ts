import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { RecorderNode } from '../../schema/recorder-node.entity.js';

/** The recorders that have ever used this database. */
@Injectable()
export class RecorderNodeRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(nodeIds: readonly string[]): Promise<RecorderNode[]> {
    return nodeIds.length === 0 ? [] : this.dataSource.manager.findBy(RecorderNode, { id: In([...nodeIds]) });
  }
}
