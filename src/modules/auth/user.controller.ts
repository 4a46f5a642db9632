import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { type AuthenticatedUser, CurrentUser } from './current-user.decorator.js';
import { Roles } from './roles.decorator.js';
import { CreateUserDto, toUserResponse, UpdateUserDto, UserListResponse, UserResponse } from './user.dto.js';
import { UserService } from './user.service.js';

@ApiTags('users')
@Controller('users')
@Roles('ADMIN')
export class UserController {
  constructor(private readonly users: UserService) {}

  @Post()
  @ApiOperation({ operationId: 'createUser', summary: 'Add a user' })
  @ApiCreatedResponse({ description: 'The new user', type: UserResponse })
  @ApiProblems('REQUEST.INVALID', 'AUTH.USERNAME_TAKEN', 'AUTH.BUSY')
  async create(@Body() body: CreateUserDto, @CurrentUser() by: AuthenticatedUser): Promise<UserResponse> {
    return toUserResponse(await this.users.create(body, by));
  }

  @Get()
  @ApiOperation({ operationId: 'listUsers', summary: 'Every user, by name' })
  @ApiOkResponse({ description: 'All users', type: UserListResponse })
  async list(): Promise<UserListResponse> {
    const users = await this.users.list();
    return { data: users.map(toUserResponse), total: users.length };
  }

  @Patch(':id')
  @ApiOperation({ operationId: 'updateUser', summary: "Change a user's role or password; both take effect at once" })
  @ApiOkResponse({ description: 'The user as it is now', type: UserResponse })
  @ApiProblems('REQUEST.INVALID', 'AUTH.USER_NOT_FOUND', 'AUTH.LAST_ADMIN', 'AUTH.PASSWORD_MANAGED', 'AUTH.BUSY')
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: UpdateUserDto,
    @CurrentUser() by: AuthenticatedUser,
  ): Promise<UserResponse> {
    return toUserResponse(await this.users.update(id, body, by));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteUser', summary: 'Delete a user; its tokens end at once' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @ApiProblems('REQUEST.INVALID', 'AUTH.USER_NOT_FOUND', 'AUTH.LAST_ADMIN', 'AUTH.OWN_USER')
  async delete(@Param('id', UuidPipe) id: string, @CurrentUser() by: AuthenticatedUser): Promise<void> {
    await this.users.delete(id, by);
  }
}
