import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import passport from 'passport';
import { AppError } from '../../common/errors.js';
import type { AuthenticatedUser } from './current-user.decorator.js';
import { JwtStrategy } from './jwt.strategy.js';
import { PUBLIC_KEY } from './public.decorator.js';

/** Everything needs a token unless it is marked `@Public()`. */
@Injectable()
export class JwtAuthGuard implements CanActivate {
  /** Of our own: the shared one would let the last application of a process answer for all of them. */
  private readonly passport = new passport.Passport();

  constructor(
    private readonly reflector: Reflector,
    strategy: JwtStrategy,
  ) {
    this.passport.use(strategy);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const isPublic = this.reflector.getAllAndOverride<boolean>(PUBLIC_KEY, [context.getHandler(), context.getClass()]);
    return isPublic === true || this.requireToken(context);
  }

  /**
   * Asks for a token also on a public route: for one that takes either a signed link or a token.
   * @throws AppError `AUTH.NO_TOKEN`, `AUTH.BAD_TOKEN`
   */
  async requireToken(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    if (request.headers.authorization === undefined) throw new AppError({ code: 'AUTH.NO_TOKEN' });
    const caller = await this.authenticate(request, context.switchToHttp().getResponse<Response>());
    if (!caller) throw new AppError({ code: 'AUTH.BAD_TOKEN' });
    Object.assign(request, { user: caller });
    return true;
  }

  private authenticate(request: Request, response: Response): Promise<AuthenticatedUser | false> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, caller: AuthenticatedUser | false) =>
        error ? reject(error) : resolve(caller);
      const middleware = this.passport.authenticate('jwt', { session: false }, done) as (
        request: Request,
        response: Response,
        next: (error: Error) => void,
      ) => void;
      middleware(request, response, reject);
    });
  }
}
