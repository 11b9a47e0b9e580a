import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsBoolean, IsEmail, IsISO8601, IsString, MaxLength } from 'class-validator';
import { Caller } from '../caller.js';
import { IsId, IsIdList, IsLenientText, IsNested, IsText } from '../validation.js';

/** E-mails are compared without regard to case or surrounding space. */
const NormalizedEmail = () =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim().toLowerCase() : value));

@InputType()
export class RegisterInput {
  @Field() @IsText(1, 100) name: string;
  @Field() @NormalizedEmail() @IsEmail() @MaxLength(254) email: string;
  @Field() @IsText(8, 128) password: string;
}

@InputType()
export class LoginInput {
  @Field() @NormalizedEmail() @IsEmail() @MaxLength(254) email: string;
  @Field() @IsLenientText(1, 128) password: string;
}

@InputType()
export class ChangePasswordInput {
  @Field() @IsLenientText(1, 128) currentPassword: string;
  @Field() @IsText(8, 128) newPassword: string;
}

@ObjectType()
export class AuthTokens {
  @Field() accessToken: string;
  @Field({ description: 'Good for one use: `refreshTokens` answers with its successor.' }) refreshToken: string;
}

export class TokenToValidate {
  @IsText(1, 4096) token: string;
}

export class RefreshToken {
  /** Any text: what is no refresh token is refused like one that does not hold. */
  @IsString() refreshToken: string;
}

/** A session that its user is signed in with. */
export class SessionKey {
  @IsId() userId: string;
  @IsId() sessionId: string;
}

export class Logout extends SessionKey {
  /** All sessions of the user, not this one alone. */
  @IsBoolean() everywhere: boolean;
}

export class PasswordChange extends SessionKey {
  @IsNested(() => ChangePasswordInput) passwords: ChangePasswordInput;
}

export class SessionIds {
  @IsIdList(1000) ids: string[];
}

/** `session.ended`: none of their access tokens holds any more. */
export class SessionEnded {
  @IsIdList(1000) sessionIds: string[];
}

/** A valid access token's bearer, until when, and by which session. */
export class ValidToken extends Caller {
  @IsId() sessionId: string;
  @IsISO8601() expiresAt: string;
}
