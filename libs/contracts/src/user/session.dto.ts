import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { IsBoolean, IsISO8601, IsString } from 'class-validator';
import { Caller } from '../caller.js';
import {
  IsEmailAddress,
  IsId,
  IsIdList,
  IsLenientText,
  IsName,
  IsNested,
  IsNewPassword,
  IsText,
} from '../validation.js';

@InputType({ description: 'A new user.' })
export class RegisterInput {
  @Field({ description: 'The name that others see: 1 to 100 characters.' }) @IsName(1, 100) name: string;
  @Field({ description: 'An e-mail address that no other user has. Its case does not matter.' })
  @IsEmailAddress()
  email: string;
  @Field({ description: '8 to 128 characters.' }) @IsNewPassword() password: string;
}

@InputType({ description: 'The credentials of a user.' })
export class LoginInput {
  @Field({ description: 'The e-mail address. Its case does not matter.' }) @IsEmailAddress() email: string;
  @Field({ description: 'The password.' }) @IsLenientText(1, 128) password: string;
}

@InputType({ description: 'A new password, and proof that the caller knows the current one.' })
export class ChangePasswordInput {
  @Field({ description: 'The current password.' }) @IsLenientText(1, 128) currentPassword: string;
  @Field({ description: 'The new password: 8 to 128 characters.' }) @IsNewPassword() newPassword: string;
}

@ObjectType({ description: 'The tokens of a session.' })
export class AuthTokens {
  @Field({ description: 'A JWT for the header `Authorization: Bearer …`. Valid for 15 minutes.' }) accessToken: string;
  @Field({ description: 'A token for `refreshTokens`, which replaces it by its successor. Valid for 30 days.' })
  refreshToken: string;
}

export class TokenToValidate {
  @IsText(1, 4096) token: string;
}

export class RefreshToken {
  /** Any text: a malformed token is rejected like an unknown one. */
  @IsString() refreshToken: string;
}

/** A session of a user. */
export class SessionKey {
  @IsId() userId: string;
  @IsId() sessionId: string;
}

export class Logout extends SessionKey {
  /** Ends all sessions of the user instead of this one. */
  @IsBoolean() everywhere: boolean;
}

export class PasswordChange extends SessionKey {
  @IsNested(() => ChangePasswordInput) passwords: ChangePasswordInput;
}

export class SessionIds {
  @IsIdList(1000) ids: string[];
}

/** `session.ended`: the access tokens of these sessions are no longer valid. */
export class SessionEnded {
  @IsIdList(1000) sessionIds: string[];
}

/** The bearer of a valid access token, with its session and its expiry. */
export class ValidToken extends Caller {
  @IsId() sessionId: string;
  @IsISO8601() expiresAt: string;
}
