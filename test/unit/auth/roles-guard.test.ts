import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { Public } from '../../../src/modules/auth/public.decorator.js';
import { Roles } from '../../../src/modules/auth/roles.decorator.js';
import { RolesGuard } from '../../../src/modules/auth/roles.guard.js';
import { USER_ROLES, type UserRole } from '../../../src/schema/user.entity.js';

class Plain {
  bare(): void {}
  @Roles('ADMIN')
  admins(): void {}
  @Roles('ADMIN', 'OPERATOR')
  operators(): void {}
  @Roles('OPERATOR')
  operatorAlone(): void {}
  @Roles('VIEWER')
  everybody(): void {}
  @Public()
  open(): void {}
}

@Roles('ADMIN')
class Strict {
  bare(): void {}
  @Roles('VIEWER')
  everybody(): void {}
}

function allowed(type: new () => object, route: string, method: string): (UserRole | 'nobody')[] {
  return ([...USER_ROLES, 'nobody'] as const).filter((role) => {
    const request = { method, user: role === 'nobody' ? undefined : { id: 'u', username: 'u', role } };
    const context = {
      getHandler: () => (type.prototype as Record<string, unknown>)[route],
      getClass: () => type,
      switchToHttp: () => ({ getRequest: () => request }),
    } as unknown as ExecutionContext;
    try {
      return new RolesGuard(new Reflector()).canActivate(context);
    } catch (error) {
      expect(error).toMatchObject({ code: 'AUTH.WRONG_ROLE', kind: 'forbidden' });
      return false;
    }
  });
}

describe('RolesGuard', () => {
  it.each([
    ['bare', 'GET', ['ADMIN', 'OPERATOR', 'VIEWER']],
    ['bare', 'HEAD', ['ADMIN', 'OPERATOR', 'VIEWER']],
    ['bare', 'POST', ['ADMIN', 'OPERATOR']],
    ['bare', 'DELETE', ['ADMIN', 'OPERATOR']],
    ['admins', 'GET', ['ADMIN']],
    ['operators', 'POST', ['ADMIN', 'OPERATOR']],
    ['operatorAlone', 'POST', ['ADMIN', 'OPERATOR']],
    ['everybody', 'POST', ['ADMIN', 'OPERATOR', 'VIEWER']],
    ['open', 'POST', ['ADMIN', 'OPERATOR', 'VIEWER', 'nobody']],
  ])('%s by %s is for %j', (route, method, roles) => {
    expect(allowed(Plain, route, method)).toEqual(roles);
  });

  it('takes the word of the class where the route has none', () => {
    expect(allowed(Strict, 'bare', 'GET')).toEqual(['ADMIN']);
    expect(allowed(Strict, 'everybody', 'GET')).toEqual(['ADMIN', 'OPERATOR', 'VIEWER']);
  });
});
