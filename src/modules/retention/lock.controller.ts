import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { type AuthenticatedUser, CurrentUser, Roles } from '../auth/index.js';
import type { Span } from './domain/cover.js';
import { CreateLockDto, LockListResponse, type LockResponse, NewLockResponse, type SpanResponse } from './lock.dto.js';
import type { LockRow } from './lock.repository.js';
import { LockService } from './lock.service.js';

@ApiTags('locks')
@Controller('locks')
export class LockController {
  constructor(private readonly locks: LockService) {}

  @Get()
  @ApiOperation({
    operationId: 'listLocks',
    summary: 'What may not go because somebody wants it kept, the newest first',
  })
  @ApiOkResponse({ description: 'The locks that hold', type: LockListResponse })
  @ApiProblems('REQUEST.INVALID')
  async list(): Promise<LockListResponse> {
    return { data: (await this.locks.list()).map(toResponse) };
  }

  @Post()
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'createLock',
    summary: 'Keep footage of a camera, or a playback, until then or until the lock is taken off',
    description:
      'Neither age, quota nor a full disk take it, and nobody can delete it. Footage is kept by whole segments.',
  })
  @ApiCreatedResponse({ description: 'The lock, and what of its range there is', type: NewLockResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND', 'PLAYBACK.NOT_FOUND')
  async create(@Body() body: CreateLockDto, @CurrentUser() user: AuthenticatedUser): Promise<NewLockResponse> {
    const { row, covered, missing } = await this.locks.create(body, user.id);
    return { ...toResponse(row), covered: covered.map(toSpan), missing: missing.map(toSpan) };
  }

  @Delete(':id')
  @HttpCode(204)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({ operationId: 'deleteLock', summary: 'Take a lock off: what it held goes when its time has come' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @ApiProblems('REQUEST.INVALID', 'LOCK.NOT_FOUND')
  async delete(@Param('id', UuidPipe) id: string): Promise<void> {
    await this.locks.delete(id);
  }
}

function toResponse({ id, cameraId, playbackId, startAt, endAt, untilAt, note, createdAt }: LockRow): LockResponse {
  return {
    ...{ id, cameraId, playbackId, note, createdAt: createdAt.toISOString() },
    from: startAt?.toISOString() ?? null,
    to: endAt?.toISOString() ?? null,
    until: untilAt?.toISOString() ?? null,
  };
}

function toSpan({ startMs, endMs }: Span): SpanResponse {
  return { startAt: new Date(startMs).toISOString(), endAt: new Date(endMs).toISOString() };
}
