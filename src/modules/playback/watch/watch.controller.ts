import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems } from '../../../common/api-problems.decorator.js';
import { AppError } from '../../../common/errors.js';
import { TakesAnyQuery } from '../../../common/takes-query.decorator.js';
import { UuidPipe } from '../../../common/uuid.pipe.js';
import { AppConfig } from '../../../config/app-config.js';
import { Public } from '../../auth/index.js';
import { ObjectStore } from '../../storage/index.js';
import { MediaAccess } from '../media-access.decorator.js';
import { CACHE_CONTROL } from '../../../common/api-headers.js';
import { WatchAssets } from './watch-assets.store.js';
import { WatchResponse } from './watch.response.js';
import { WatchService } from './watch.service.js';

/** The page to watch a playback on, while it is recorded and afterwards. */
@ApiTags('playbacks')
@Controller()
export class WatchController {
  private readonly policy: string;

  constructor(
    private readonly assets: WatchAssets,
    private readonly watching: WatchService,
    store: ObjectStore,
    { storage }: AppConfig,
  ) {
    this.policy = contentPolicy(storage.hlsProxy ? null : store.origin);
  }

  /** Everybody may have it: it asks for what it shows with the signed link in its address, or with a login. */
  @Get('playbacks/:id/watch')
  @Public()
  @TakesAnyQuery()
  @ApiExcludeEndpoint()
  page(@Param('id', UuidPipe) _id: string, @Res() response: Response): void {
    response
      .setHeader('Content-Security-Policy', this.policy)
      .setHeader('Cache-Control', 'no-cache')
      // The address may hold a signed link.
      .setHeader('Referrer-Policy', 'no-referrer')
      .type('html')
      .send(this.assets.page);
  }

  @Get('playbacks/:id/watch/state')
  @MediaAccess()
  @ApiOperation({
    operationId: 'getWatchState',
    summary: 'What the watch page shows beside the pictures; a signed link opens it too',
  })
  @ApiOkResponse({ description: 'How far it is', headers: CACHE_CONTROL, type: WatchResponse })
  @ApiProblems('REQUEST.INVALID', 'PLAYBACK.NOT_FOUND')
  async state(
    @Param('id', UuidPipe) id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WatchResponse> {
    response.setHeader('Cache-Control', 'no-store');
    return this.watching.getState(id);
  }

  @Get('assets/:version/:name')
  @Public()
  @ApiExcludeEndpoint()
  asset(@Param('version') version: string, @Param('name') name: string, @Res() response: Response): void {
    const asset = this.assets.find(version, name);
    if (!asset) {
      throw new AppError({ code: 'REQUEST.NOT_FOUND', message: 'There is no such file.' });
    }
    response
      .setHeader('Cache-Control', 'public, max-age=31536000, immutable')
      .setHeader('Content-Type', asset.contentType)
      .send(asset.bytes);
  }
}

/**
 * Nothing but what the page is made of; `blob:` is what a player feeds `<video>` from.
 * @param storeOrigin where the pictures of a stored playback may come from, beside here
 */
function contentPolicy(storeOrigin: string | null): string {
  const media = ["'self'", ...(storeOrigin === null ? [] : [storeOrigin])].join(' ');
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src data: ${media}`,
    `media-src blob: ${media}`,
    `connect-src ${media}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
}
