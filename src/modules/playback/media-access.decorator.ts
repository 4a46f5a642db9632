import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { TakesQuery } from '../../common/takes-query.decorator.js';
import { Public } from '../auth/index.js';
import { MediaAccessGuard } from './media-access.guard.js';

/** A route that answers whoever has a token, or a signed link to this very playback. */
export const MediaAccess = (): MethodDecorator =>
  applyDecorators(
    Public(),
    ApiSecurity('bearer'),
    UseGuards(MediaAccessGuard),
    TakesQuery('expires', 'signature'),
    ApiQuery({
      name: 'expires',
      type: String,
      required: false,
      description: 'Of a signed link',
      example: '1769860800',
    }),
    ApiQuery({ name: 'signature', type: String, required: false, description: 'Of a signed link' }),
    ApiProblems('AUTH.NO_TOKEN', 'AUTH.BAD_TOKEN', 'PLAYBACK.LINK_INVALID'),
  );
