import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { LoginDto, LoginResponse } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { LoginLimiter } from './login-limiter.js';
import { Public } from './public.decorator.js';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly limiter: LoginLimiter,
  ) {}

  @Post('login')
  @Public()
  @HttpCode(200)
  @ApiOperation({ summary: 'Exchange a username and a password for a token' })
  @ApiOkResponse({ type: LoginResponse })
  @ApiProblems(
    400,
    { status: 401, code: 'AUTH.WRONG_CREDENTIALS', detail: 'The username or the password is wrong.' },
    { status: 429, code: 'AUTH.TOO_MANY_LOGINS', detail: 'Too many logins from this address: try again in 42 s.' },
  )
  async login(@Body() { username, password }: LoginDto, @Ip() address: string): Promise<LoginResponse> {
    this.limiter.take(address);
    return this.auth.login(username, password, address);
  }
}
