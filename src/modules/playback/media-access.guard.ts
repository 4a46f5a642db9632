import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { JwtAuthGuard } from '../auth/index.js';
import { MediaLinkSigner } from '../media/index.js';
import { linkInvalid } from './playback-errors.js';

/** Lets in who has a token, or a signed link to this very playback. For routes that are `@Public()` to the global guards. */
@Injectable()
export class MediaAccessGuard implements CanActivate {
  constructor(
    private readonly tokens: JwtAuthGuard,
    private readonly links: MediaLinkSigner,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { params, query } = context.switchToHttp().getRequest<Request<{ id: string }>>();
    if (query['expires'] === undefined && query['signature'] === undefined) return this.tokens.requireToken(context);
    if (this.links.verify(params.id.toLowerCase(), query['expires'], query['signature'])) return true;
    throw linkInvalid();
  }
}
