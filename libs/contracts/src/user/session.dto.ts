import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsEmail, IsISO8601, MaxLength } from 'class-validator';
import { Caller } from '../caller.js';
import { IsId, IsText } from '../validation.js';

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
  @Field() @IsText(1, 128) password: string;
}

@ObjectType()
export class AuthTokens {
  @Field() accessToken: string;
  @Field({ description: 'Good for one use: `refreshTokens` answers with its successor.' }) refreshToken: string;
}

export class TokenToValidate {
  @IsText(1, 4096) token: string;
}

/** A valid access token's bearer, until when, and by which session. */
export class ValidToken extends Caller {
  @IsId() sessionId: string;
  @IsISO8601() expiresAt: string;
}
