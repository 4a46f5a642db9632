import { applyDecorators, Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { AppLogger } from '../../common/logging.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { attachmentNamed, ObjectStore } from '../storage/index.js';
import {
  ACCEPT_RANGES,
  CACHE_CONTROL,
  CONTENT_DISPOSITION,
  CONTENT_RANGE,
  ETAG,
  LAST_MODIFIED,
} from '../../common/api-headers.js';
import { BINARY } from '../../common/api-schemas.js';
import { MediaAccess } from './media-access.decorator.js';
import { PlaybackMediaService, type Video } from './playback-media.service.js';
import { DownloadUrlResponse } from './playback.dto.js';
import { sendVideo } from './video-response.js';

const COPY_HEADERS = { ...ETAG, ...LAST_MODIFIED, ...ACCEPT_RANGES, ...CACHE_CONTROL };
const VIDEO_HEADERS = { ...COPY_HEADERS, ...CONTENT_DISPOSITION };

/** A route that answers with the video's bytes to whoever has a token or a signed link. */
const ServesVideo = (): MethodDecorator =>
  applyDecorators(
    MediaAccess(),
    ApiHeader({ name: 'Range', required: false, description: 'The bytes that are wanted, like `bytes=0-1023`' }),
    ApiHeader({ name: 'If-Range', required: false, description: '`Range` holds for this `ETag` alone' }),
    ApiHeader({ name: 'If-None-Match', required: false, description: 'The `ETag` of a copy' }),
    ApiOkResponse({ description: 'The whole video', headers: VIDEO_HEADERS, content: { 'video/mp4': BINARY } }),
    ApiResponse({
      status: 206,
      description: 'The part that `Range` asks for',
      headers: { ...VIDEO_HEADERS, ...CONTENT_RANGE },
      content: { 'video/mp4': BINARY },
    }),
    ApiResponse({
      status: 304,
      description: 'The copy named by `If-None-Match` is the video',
      headers: COPY_HEADERS,
    }),
    ApiProblems(
      'REQUEST.INVALID',
      'PLAYBACK.NOT_FOUND',
      'PLAYBACK.OBJECT_MISSING',
      'PLAYBACK.NOT_READY',
      'PLAYBACK.BAD_RANGE',
      'STORAGE.UNAVAILABLE',
      'STORAGE.DENIED',
    ),
  );

@ApiTags('playbacks')
@Controller('playbacks/:id')
export class PlaybackMediaController {
  constructor(
    private readonly media: PlaybackMediaService,
    private readonly store: ObjectStore,
    private readonly logger: AppLogger,
  ) {}

  @Get('video')
  @ServesVideo()
  @ApiOperation({ operationId: 'getVideo', summary: 'The video, to play it; takes Range' })
  async video(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const video = await this.media.getVideo(id);
    await this.send(request, response, video, attachmentNamed(video.fileName).replace(/^attachment/, 'inline'));
  }

  @Get('download')
  @ServesVideo()
  @ApiOperation({ operationId: 'downloadVideo', summary: 'The video, to save it under a sensible name; takes Range' })
  async download(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const video = await this.media.getVideo(id);
    await this.send(request, response, video, attachmentNamed(video.fileName));
  }

  @Get('download-url')
  @ApiOperation({
    operationId: 'getDownloadUrl',
    summary: 'A link to the video that works without a token for a while',
  })
  @ApiOkResponse({ description: 'The link, and until when it works', type: DownloadUrlResponse })
  @ApiProblems('REQUEST.INVALID', 'PLAYBACK.NOT_FOUND', 'PLAYBACK.NOT_READY')
  async downloadUrl(@Param('id', UuidPipe) id: string): Promise<DownloadUrlResponse> {
    const { url, expiresAt } = await this.media.createLink(id);
    return { url, expiresAt: expiresAt.toISOString() };
  }

  private async send(request: Request, response: Response, video: Video, contentDisposition: string): Promise<void> {
    const { key, info } = video;
    const failure = await sendVideo(request, response, {
      info,
      contentDisposition,
      open: (range) => this.store.openRead(key, range),
    });
    if (failure !== null) this.logger.warn('sending a video was cut short', { key, err: failure });
  }
}
