import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Length, Matches } from 'class-validator';
import { IsLeftOutOr } from '../../common/is-left-out-or.decorator.js';
import { type User, USER_ROLES, type UserRole } from '../../schema/user.entity.js';
import { INT32 } from '../../common/api-schemas.js';
import { ROLE } from '../../schema/named-enums.js';

const USERNAME = /^[A-Za-z0-9._@-]*$/;

export class CreateUserDto {
  @ApiProperty({ example: 'porter', maxLength: 100, description: 'Letters, digits and ._@-; case matters' })
  @IsString()
  @Length(1, 100)
  @Matches(USERNAME, { message: 'username may hold letters, digits and . _ @ - only' })
  username!: string;

  @ApiProperty({ example: 'correct horse battery', minLength: 8, maxLength: 200 })
  @IsString()
  @Length(8, 200)
  password!: string;

  @ApiProperty({ ...ROLE, example: 'OPERATOR' })
  @IsIn(USER_ROLES)
  role!: UserRole;
}

export class UpdateUserDto {
  @ApiPropertyOptional({
    example: 'another horse battery',
    minLength: 8,
    maxLength: 200,
    description: 'Ends the tokens given out before',
  })
  @IsLeftOutOr()
  @IsString()
  @Length(8, 200)
  password?: string;

  @ApiPropertyOptional({ ...ROLE, example: 'VIEWER' })
  @IsLeftOutOr()
  @IsIn(USER_ROLES)
  role?: UserRole;
}

export class UserResponse {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'porter' })
  username!: string;

  @ApiProperty({ ...ROLE, example: 'OPERATOR' })
  role!: UserRole;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt!: string;
}

export class UserListResponse {
  @ApiProperty({ type: [UserResponse] })
  data!: UserResponse[];

  @ApiProperty({ ...INT32, example: 1 })
  total!: number;
}

/** A user as clients see it: without the hash. */
export function toUserResponse(user: User): UserResponse {
  return { id: user.id, username: user.username, role: user.role, createdAt: user.createdAt.toISOString() };
}
