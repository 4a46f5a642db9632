import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { type AuthenticatedUser, CurrentUser, Roles } from '../auth/index.js';
import { CreateEventDto, EndEventResponse, EventListResponse, EventResponse, ListEventsQuery } from './event.dto.js';
import { EventRequests } from './event-requests.service.js';
import { EventService } from './event.service.js';

/** Printable ASCII, as a header can carry it. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

@ApiTags('events')
@Controller('events')
export class EventController {
  constructor(
    private readonly events: EventService,
    private readonly requests: EventRequests,
  ) {}

  @Post()
  @Roles('OPERATOR')
  @ApiOperation({
    operationId: 'createEvent',
    summary:
      'Report an event; a type in the camera’s recordOn (MOTION unless changed) starts a recording, or joins one',
    description: 'Over a limit the answer is 503, its `Retry-After` says when to send the event again.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    required: false,
    description:
      'A repeat with the same key within 24 hours gets the first answer, with 200 and `Idempotent-Replayed: true`. Keys of different users never meet',
  })
  @ApiCreatedResponse({ description: 'The event, and what it set going', type: EventResponse })
  @ApiOkResponse({
    type: EventResponse,
    description: 'The first answer to the same Idempotency-Key',
    headers: { 'Idempotent-Replayed': { description: 'true', schema: { type: 'string' } } },
  })
  @ApiProblems(
    'REQUEST.INVALID',
    'CAMERA.NOT_FOUND',
    'EVENT.IDEMPOTENCY_KEY_REUSED',
    'RECORDING.QUEUE_FULL',
    'SERVICE.STOPPING',
  )
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
    const { event, repeated } = await this.requests.create({ input, userId: user.id, idempotencyKey });
    response.status(repeated ? 200 : 201);
    if (repeated) response.setHeader('Idempotent-Replayed', 'true');
    return event;
  }

  @Get()
  @ApiOperation({ operationId: 'listEvents', summary: 'Events, the newest first' })
  @ApiOkResponse({ description: 'A page of events', type: EventListResponse })
  @ApiProblems('REQUEST.INVALID')
  async list(@Query() query: ListEventsQuery): Promise<EventListResponse> {
    return this.events.list(query);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getEvent', summary: 'One event' })
  @ApiOkResponse({ description: 'The event', type: EventResponse })
  @ApiProblems('REQUEST.INVALID', 'EVENT.NOT_FOUND')
  async get(@Param('id', UuidPipe) id: string): Promise<EventResponse> {
    return this.events.get(id);
  }

  @Post(':id/end')
  @HttpCode(200)
  @Roles('OPERATOR')
  @ApiOperation({
    operationId: 'endEvent',
    summary: 'End an event and its recording; answers at once, the video follows. Ending twice is harmless',
    description: 'A recording that several events share ends with the last of them.',
  })
  @ApiOkResponse({ description: 'It has ended', type: EndEventResponse })
  @ApiProblems('REQUEST.INVALID', 'EVENT.NOT_FOUND')
  async end(@Param('id', UuidPipe) id: string): Promise<EndEventResponse> {
    return this.events.end(id);
  }
}
