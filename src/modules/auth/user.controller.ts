import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { type AuthenticatedUser, CurrentUser } from './current-user.decorator.js';
import { Roles } from './roles.decorator.js';
import { CreateUserDto, toUserResponse, UpdateUserDto, UserListResponse, UserResponse } from './user.dto.js';
import { UserService } from './user.service.js';

const WRONG_ROLE = { status: 403, code: 'AUTH.WRONG_ROLE', detail: 'This needs the role ADMIN.' };
const NOT_FOUND = {
  status: 404,
  code: 'AUTH.USER_NOT_FOUND',
  detail: 'There is no user 6f9619ff-8b86-4d01-b42d-00cf4fc964ff.',
};
const LAST_ADMIN = {
  status: 409,
  code: 'AUTH.LAST_ADMIN',
  detail: 'This is the last administrator: make another one first.',
};
const MANAGED = {
  status: 409,
  code: 'AUTH.PASSWORD_MANAGED',
  detail: 'This password comes from ADMIN_PASSWORD: change it there and restart.',
};
const OWN_USER = { status: 409, code: 'AUTH.OWN_USER', detail: 'You cannot delete the user that you are.' };
const TAKEN = { status: 409, code: 'AUTH.USERNAME_TAKEN', detail: 'There is a user "porter" already.' };

@ApiTags('users')
@Controller('users')
@Roles('ADMIN')
@ApiProblems(WRONG_ROLE)
export class UserController {
  constructor(private readonly users: UserService) {}

  @Post()
  @ApiOperation({ summary: 'Add a user' })
  @ApiCreatedResponse({ type: UserResponse })
  @ApiProblems(400, TAKEN)
  async create(@Body() body: CreateUserDto, @CurrentUser() by: AuthenticatedUser): Promise<UserResponse> {
    return toUserResponse(await this.users.create(body, by));
  }

  @Get()
  @ApiOperation({ summary: 'Every user, by name' })
  @ApiOkResponse({ type: UserListResponse })
  async list(): Promise<UserListResponse> {
    const users = await this.users.list();
    return { data: users.map(toUserResponse), total: users.length };
  }

  @Patch(':id')
  @ApiOperation({ summary: "Change a user's role or password; both take effect at once" })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems(400, NOT_FOUND, LAST_ADMIN, MANAGED)
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: UpdateUserDto,
    @CurrentUser() by: AuthenticatedUser,
  ): Promise<UserResponse> {
    return toUserResponse(await this.users.update(id, body, by));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a user; its tokens end at once' })
  @ApiNoContentResponse()
  @ApiProblems(400, NOT_FOUND, LAST_ADMIN, OWN_USER)
  async delete(@Param('id', UuidPipe) id: string, @CurrentUser() by: AuthenticatedUser): Promise<void> {
    await this.users.delete(id, by);
  }
}
