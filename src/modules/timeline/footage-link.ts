import { createHash } from 'node:crypto';
import { applyDecorators, type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { JwtAuthGuard, Public } from '../auth/index.js';
import { MediaLinkSigner } from '../media/index.js';
import { linkInvalid } from './footage-errors.js';

/** What a signed link opens: a range of a camera, and nothing else of it. */
export function linkSubject(cameraId: string, from: string, to: string | undefined): string {
  return `footage\n${cameraId}\n${from}\n${to ?? ''}`;
}

/** Lets in who has a token, or a signed link to this very range of this very camera. For routes that are `@Public()` to the global guards. */
@Injectable()
export class FootageAccessGuard implements CanActivate {
  constructor(
    private readonly tokens: JwtAuthGuard,
    private readonly links: MediaLinkSigner,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { params, query } = context.switchToHttp().getRequest<Request<{ id: string }>>();
    const { from, to, expires, signature } = query;
    if (expires === undefined && signature === undefined) return this.tokens.requireToken(context);
    if (typeof from !== 'string' || (to !== undefined && typeof to !== 'string')) throw linkInvalid();
    if (this.links.verify(linkSubject(params.id.toLowerCase(), from, to), expires, signature)) return true;
    throw linkInvalid();
  }
}

/** A route that answers whoever has a token, or a signed link to this very range. */
export const FootageAccess = (): MethodDecorator =>
  applyDecorators(
    Public(),
    ApiSecurity('bearer'),
    UseGuards(FootageAccessGuard),
    ApiProblems('AUTH.NO_TOKEN', 'AUTH.BAD_TOKEN', 'FOOTAGE.LINK_INVALID'),
  );

/** Names whoever watches a range, the same at each of their requests: by what opened it. */
export function viewerOf({ headers, query }: Request): string {
  const { signature } = query;
  const by = typeof signature === 'string' ? signature : headers.authorization;
  return createHash('sha256')
    .update(`${by}\n${JSON.stringify([query['from'], query['to']])}`)
    .digest('hex');
}
