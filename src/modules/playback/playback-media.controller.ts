import { applyDecorators, Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { AppLogger } from '../../common/logging.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { attachmentNamed, ObjectStore } from '../storage/index.js';
import { MediaAccess } from './media-access.decorator.js';
import { PlaybackMediaService, type Video } from './playback-media.service.js';
import { DownloadUrlResponse, PLAYBACK_NOT_FOUND } from './playback.dto.js';
import { sendVideo } from './video-response.js';

const NOT_READY = {
  status: 409,
  code: 'PLAYBACK.NOT_READY',
  detail: 'The video is being stored: try again when the playback is COMPLETED.',
};
const OBJECT_MISSING = {
  status: 404,
  code: 'PLAYBACK.OBJECT_MISSING',
  detail: 'The video is not in the store any more: somebody removed it there.',
};
const BAD_RANGE = {
  status: 416,
  code: 'PLAYBACK.BAD_RANGE',
  detail: 'The range starts behind the end of the video, which has 1048576 bytes.',
};
const LINK_INVALID = {
  status: 401,
  code: 'PLAYBACK.LINK_INVALID',
  detail: 'This link has expired or is not one of ours: ask GET /playbacks/:id/download-url for a new one.',
};

/** A route that answers with the video's bytes to whoever has a token or a signed link. */
const ServesVideo = (): MethodDecorator =>
  applyDecorators(
    MediaAccess(),
    ApiProduces('video/mp4'),
    ApiOkResponse({ description: 'The whole video, with ETag and Accept-Ranges' }),
    ApiResponse({ status: 206, description: 'The part that `Range` asks for' }),
    ApiResponse({ status: 304, description: 'The copy named by `If-None-Match` is the video' }),
    ApiProblems(400, 401, LINK_INVALID, PLAYBACK_NOT_FOUND, OBJECT_MISSING, NOT_READY, BAD_RANGE, 503),
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
  @ApiOperation({ summary: 'The video, to play it; takes Range' })
  async video(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const video = await this.media.getVideo(id);
    await this.send(request, response, video, attachmentNamed(video.fileName).replace(/^attachment/, 'inline'));
  }

  @Get('download')
  @ServesVideo()
  @ApiOperation({ summary: 'The video, to save it under a sensible name; takes Range' })
  async download(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const video = await this.media.getVideo(id);
    await this.send(request, response, video, attachmentNamed(video.fileName));
  }

  @Get('download-url')
  @ApiOperation({ summary: 'A link to the video that works without a token for a while' })
  @ApiOkResponse({ type: DownloadUrlResponse })
  @ApiProblems(400, PLAYBACK_NOT_FOUND, NOT_READY)
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
