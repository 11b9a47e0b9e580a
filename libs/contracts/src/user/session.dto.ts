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

@InputType()
export class RegisterInput {
  @Field() @IsName(1, 100) name: string;
  @Field() @IsEmailAddress() email: string;
  @Field() @IsNewPassword() password: string;
}

@InputType()
export class LoginInput {
  @Field() @IsEmailAddress() email: string;
  @Field() @IsLenientText(1, 128) password: string;
}

@InputType()
export class ChangePasswordInput {
  @Field() @IsLenientText(1, 128) currentPassword: string;
  @Field() @IsNewPassword() newPassword: string;
}

@ObjectType()
export class AuthTokens {
  @Field() accessToken: string;
  @Field({ description: '`refreshTokens` replaces it by its successor.' }) refreshToken: string;
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
