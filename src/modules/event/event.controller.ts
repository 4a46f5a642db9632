import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { type AuthenticatedUser, CurrentUser, Roles } from '../auth/index.js';
import { NO_CAMERA, QUEUE_FULL, STOPPING } from '../recording/index.js';
import { CreateEventDto, EndEventResponse, EventListResponse, EventResponse, ListEventsQuery } from './event.dto.js';
import { EventService } from './event.service.js';

/** Printable ASCII, as a header can carry it. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

const NO_EVENT = {
  status: 404,
  code: 'EVENT.NOT_FOUND',
  detail: 'There is no event 6f9619ff-8b86-4d01-b42d-00cf4fc964ff.',
};
const KEY_REUSED = {
  status: 409,
  code: 'EVENT.IDEMPOTENCY_KEY_REUSED',
  detail: 'This Idempotency-Key was used for another request: use a new key for each event.',
};

@ApiTags('events')
@Controller('events')
export class EventController {
  constructor(private readonly events: EventService) {}

  @Post()
  @Roles('OPERATOR')
  @ApiOperation({
    summary:
      'Report an event; a type in the camera’s recordOn (MOTION unless changed) starts a recording, or joins one',
    description: 'Over a limit the answer is 503, its `Retry-After` says when to send the event again.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'A repeat with the same key within 24 hours gets the first answer, with 200 and `Idempotent-Replayed: true`. Keys of different users never meet',
  })
  @ApiCreatedResponse({ type: EventResponse })
  @ApiOkResponse({
    type: EventResponse,
    description: 'The first answer to the same Idempotency-Key',
    headers: { 'Idempotent-Replayed': { description: 'true', schema: { type: 'string' } } },
  })
  @ApiProblems(400, 403, NO_CAMERA, KEY_REUSED, QUEUE_FULL, STOPPING)
  async create(
    @Body() input: CreateEventDto,
    @CurrentUser() user: AuthenticatedUser,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventResponse> {
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      const message = 'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces';
      throw invalidInput([{ field: 'Idempotency-Key', message }]);
    }
    const { event, repeated } = await this.events.create({ input, userId: user.id, idempotencyKey });
    response.status(repeated ? 200 : 201);
    if (repeated) response.setHeader('Idempotent-Replayed', 'true');
    return event;
  }

  @Get()
  @ApiOperation({ summary: 'Events, the newest first' })
  @ApiOkResponse({ type: EventListResponse })
  @ApiProblems(400)
  async list(@Query() query: ListEventsQuery): Promise<EventListResponse> {
    return this.events.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One event' })
  @ApiOkResponse({ type: EventResponse })
  @ApiProblems(400, NO_EVENT)
  async get(@Param('id', UuidPipe) id: string): Promise<EventResponse> {
    return this.events.get(id);
  }

  @Post(':id/end')
  @HttpCode(200)
  @Roles('OPERATOR')
  @ApiOperation({
    summary: 'End an event and its recording; answers at once, the video follows. Ending twice is harmless',
    description: 'A recording that several events share ends with the last of them.',
  })
  @ApiOkResponse({ type: EndEventResponse })
  @ApiProblems(400, 403, NO_EVENT)
  async end(@Param('id', UuidPipe) id: string): Promise<EndEventResponse> {
    return this.events.end(id);
  }
}
