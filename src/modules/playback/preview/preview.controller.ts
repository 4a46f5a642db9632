import { applyDecorators, Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems, type ProblemExample } from '../../../common/api-problems.decorator.js';
import { UuidPipe } from '../../../common/uuid.pipe.js';
import { ObjectStore } from '../../storage/index.js';
import { MediaAccess } from '../media-access.decorator.js';
import { PLAYBACK_NOT_FOUND } from '../playback.dto.js';
import { LINK_INVALID } from '../stream/stream.problems.js';
import { MediaInfoResponse } from './media-info.response.js';
import { KEEP_AND_ASK, sendPicture } from './picture-response.js';
import { type Picture, PlaybackPreviewService } from './playback-preview.service.js';
import { NO_MEDIA_INFO, NO_PICTURE, NOT_READY, PICTURE_MISSING, PICTURE_NOT_READY } from './preview.problems.js';

const TRACK_TYPE = 'text/vtt';

/** A route of pictures that answers whoever has a token or a signed link. */
const ForViewers = (type: string, ...problems: (ProblemExample | number)[]): MethodDecorator =>
  applyDecorators(
    MediaAccess(),
    ApiProduces(type),
    ApiResponse({ status: 304, description: 'The copy named by `If-None-Match` is still good' }),
    ApiProblems(400, 401, LINK_INVALID, PLAYBACK_NOT_FOUND, NOT_READY, PICTURE_NOT_READY, NO_PICTURE, ...problems),
  );

/** What there is to see of a playback without playing it. */
@ApiTags('playbacks')
@Controller('playbacks/:id')
export class PreviewController {
  constructor(
    private readonly previews: PlaybackPreviewService,
    private readonly store: ObjectStore,
  ) {}

  @Get('thumbnail')
  @ForViewers('image/jpeg', PICTURE_MISSING, 503)
  @ApiOperation({ summary: 'One picture of it, shortly after what triggered it' })
  @ApiOkResponse({ description: 'A JPEG, 640 pixels wide at most' })
  async thumbnail(
    @Param('id', UuidPipe) id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.send(request, response, await this.previews.getThumbnail(id));
  }

  @Get('sprite')
  @ForViewers('image/jpeg', PICTURE_MISSING, 503)
  @ApiOperation({ summary: 'Up to a hundred small pictures of it in one, for seeking' })
  @ApiOkResponse({ description: 'A JPEG; `thumbnails.vtt` says where in it which picture is' })
  async sprite(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.send(request, response, await this.previews.getSprite(id));
  }

  @Get('thumbnails.vtt')
  @ForViewers(TRACK_TYPE)
  @ApiOperation({ summary: 'WebVTT: which part of the sprite shows which time' })
  @ApiOkResponse({ description: 'Cues like `sprite#xywh=160,0,160,90`; the address carries on the signed link' })
  async thumbnailTrack(
    @Param('id', UuidPipe) id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const text = await this.previews.getThumbnailTrack(id, linkQuery(request));
    response.setHeader('Cache-Control', KEEP_AND_ASK).type(TRACK_TYPE).send(text);
  }

  @Get('media-info')
  @Header('Cache-Control', KEEP_AND_ASK)
  @ApiOperation({ summary: 'Container, codecs, bit rates and key frames of the video' })
  @ApiOkResponse({ type: MediaInfoResponse })
  @ApiProblems(400, PLAYBACK_NOT_FOUND, NOT_READY, NO_MEDIA_INFO)
  async mediaInfo(@Param('id', UuidPipe) id: string): Promise<MediaInfoResponse> {
    return this.previews.getMediaInfo(id);
  }

  private async send(request: Request, response: Response, { key, info }: Picture): Promise<void> {
    await sendPicture(request, response, { info, open: () => this.store.openRead(key) });
  }
}

/** The signed link by which the guard has let the request in, to be written behind another address; empty when it has a token. */
function linkQuery({ query }: Request): string {
  const { expires, signature } = query;
  if (typeof expires !== 'string' || typeof signature !== 'string') return '';
  return `?${new URLSearchParams({ expires, signature }).toString()}`;
}
