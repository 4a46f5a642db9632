import { applyDecorators, Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems, type DocumentedError } from '../../../common/api-problems.decorator.js';
import { UuidPipe } from '../../../common/uuid.pipe.js';
import { ObjectStore } from '../../storage/index.js';
import { MediaAccess } from '../media-access.decorator.js';
import { CACHE_CONTROL, ETAG } from '../../../common/api-headers.js';
import { BINARY } from '../../../common/api-schemas.js';
import { MediaInfoResponse } from './media-info.response.js';
import { KEEP_AND_ASK, sendPicture } from './picture-response.js';
import { type Picture, PlaybackPreviewService } from './playback-preview.service.js';

const TRACK_TYPE = 'text/vtt';
const COPY_HEADERS = { ...ETAG, ...CACHE_CONTROL };

/** A route of pictures that answers whoever has a token or a signed link. */
const ForViewers = (...problems: DocumentedError[]): MethodDecorator =>
  applyDecorators(
    MediaAccess(),
    ApiHeader({ name: 'If-None-Match', required: false, description: 'The `ETag` of a copy' }),
    ApiResponse({ status: 304, description: 'The copy named by `If-None-Match` is still good', headers: COPY_HEADERS }),
    ApiProblems(
      'REQUEST.INVALID',
      'PLAYBACK.NOT_FOUND',
      'PLAYBACK.NOT_READY',
      'PLAYBACK.PICTURE_NOT_READY',
      'PLAYBACK.NO_PICTURE',
      ...problems,
    ),
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
  @ForViewers('PLAYBACK.OBJECT_MISSING', 'STORAGE.UNAVAILABLE', 'STORAGE.DENIED')
  @ApiOperation({ operationId: 'getThumbnail', summary: 'One picture of it, shortly after what triggered it' })
  @ApiOkResponse({
    description: 'A JPEG, 640 pixels wide at most',
    headers: COPY_HEADERS,
    content: { 'image/jpeg': BINARY },
  })
  async thumbnail(
    @Param('id', UuidPipe) id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.send(request, response, await this.previews.getThumbnail(id));
  }

  @Get('sprite')
  @ForViewers('PLAYBACK.OBJECT_MISSING', 'STORAGE.UNAVAILABLE', 'STORAGE.DENIED')
  @ApiOperation({ operationId: 'getSprite', summary: 'Up to a hundred small pictures of it in one, for seeking' })
  @ApiOkResponse({
    description: 'A JPEG; `thumbnails.vtt` says where in it which picture is',
    headers: COPY_HEADERS,
    content: { 'image/jpeg': BINARY },
  })
  async sprite(@Param('id', UuidPipe) id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.send(request, response, await this.previews.getSprite(id));
  }

  @Get('thumbnails.vtt')
  @ForViewers()
  @ApiOperation({ operationId: 'getThumbnailTrack', summary: 'WebVTT: which part of the sprite shows which time' })
  @ApiOkResponse({
    description: 'Cues like `sprite#xywh=160,0,160,90`; the address carries on the signed link',
    headers: COPY_HEADERS,
    content: { [TRACK_TYPE]: { schema: { type: 'string' } } },
  })
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
  @ApiOperation({ operationId: 'getMediaInfo', summary: 'Container, codecs, bit rates and key frames of the video' })
  @ApiOkResponse({ description: 'What is in the file', headers: CACHE_CONTROL, type: MediaInfoResponse })
  @ApiProblems('REQUEST.INVALID', 'PLAYBACK.NOT_FOUND', 'PLAYBACK.NOT_READY', 'PLAYBACK.NO_MEDIA_INFO')
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
