import { Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { IsInt, IsISO8601, IsOptional, IsString } from 'class-validator';
import { Caller, Role } from '../caller.js';
import { textComplexity } from '../complexity.js';
import { DateTime } from '../date-time.js';
import { Node } from '../node.js';
import { ConnectionOf } from '../page.js';
import { IsId, IsIdList, IsName, IsNested, IsReadableText } from '../validation.js';

/** The maximum lengths of a profile's texts, in characters. */
export const MAX_BIO = 2_000;
export const MAX_ADDRESS = 500;

/** The address of an order. Details that the user has not set are empty strings. Facts, so without the limits of `ProfileInput`. */
export class ShippingDetails {
  @IsString() shippingAddress: string;
  @IsString() pincode: string;
  @IsString() city: string;
  @IsString() country: string;
  @IsString() phoneNumber: string;
}

@ObjectType('Profile', { description: 'Details that the user has not set are empty strings.' })
export class ProfileDto implements ShippingDetails {
  @Field({ complexity: textComplexity(MAX_BIO) }) bio: string;
  @Field({ complexity: textComplexity(MAX_ADDRESS) }) shippingAddress: string;
  @Field() pincode: string;
  @Field() city: string;
  @Field() country: string;
  @Field() phoneNumber: string;
}

@ObjectType('User', { implements: () => [Node] })
export class UserDto implements Node {
  @Field(() => ID) id: string;
  @Field() name: string;
  @Field({ description: 'The e-mail address. Masked (`j***@example.com`) for everyone but the user and admins.' })
  email: string;
  @Field(() => Role) role: Role;
  @Field(() => ProfileDto, {
    nullable: true,
    description: 'Delivery and contact details. Null for everyone but the user and admins.',
  })
  profile: ProfileDto;
  @Field(() => DateTime) createdAt: string;
  /** Counts the changes of the user. The higher version of two copies is the newer one. */
  version: number;
}

@ObjectType()
export class UserConnection extends ConnectionOf(UserDto, 'User') {}

export class UserIds {
  @IsIdList(1000) ids: string[];
}

@InputType({ description: 'Fields that are omitted keep their values.' })
export class ProfileInput {
  @Field({ nullable: true }) @IsOptional() @IsName(1, 100) name?: string;
  @Field({ nullable: true }) @IsOptional() @IsReadableText(0, MAX_BIO) bio?: string;
  @Field({ nullable: true }) @IsOptional() @IsName(0, MAX_ADDRESS) shippingAddress?: string;
  @Field({ nullable: true }) @IsOptional() @IsName(0, 20) pincode?: string;
  @Field({ nullable: true }) @IsOptional() @IsName(0, 100) city?: string;
  @Field({ nullable: true }) @IsOptional() @IsName(0, 100) country?: string;
  @Field({ nullable: true }) @IsOptional() @IsName(0, 30) phoneNumber?: string;
}

export class ProfileUpdate {
  @IsNested(() => Caller) caller: Caller;
  @IsNested(() => ProfileInput) changes: ProfileInput;
}

export class UserRegistered {
  @IsId() userId: string;
  @IsInt() version: number;
  @IsISO8601() registeredAt: string;
}

export class UserProfileUpdated extends ShippingDetails {
  @IsId() userId: string;
  @IsInt() version: number;
}
