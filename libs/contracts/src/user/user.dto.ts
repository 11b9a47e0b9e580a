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
  @Field({ description: 'A text about the user.', complexity: textComplexity(MAX_BIO) }) bio: string;
  @Field({ description: 'The street and the house number.', complexity: textComplexity(MAX_ADDRESS) })
  shippingAddress: string;
  @Field({ description: 'The postal code.' }) pincode: string;
  @Field({ description: 'The city.' }) city: string;
  @Field({ description: 'The country.' }) country: string;
  @Field({ description: 'The phone number for the delivery.' }) phoneNumber: string;
}

@ObjectType('User', { description: 'A customer, seller or admin.', implements: () => [Node] })
export class UserDto implements Node {
  @Field(() => ID, { description: 'The id of the user.' }) id: string;
  @Field({ description: 'The name that others see.' }) name: string;
  @Field({ description: 'The e-mail address. Masked (`j***@example.com`) for everyone but the user and admins.' })
  email: string;
  @Field(() => Role, { description: 'What the user may do.' }) role: Role;
  @Field(() => ProfileDto, {
    nullable: true,
    description: 'Delivery and contact details. Null for everyone but the user and admins.',
  })
  profile: ProfileDto;
  @Field(() => DateTime, { description: 'When the user registered.' }) createdAt: string;
  /** Counts the changes of the user. The higher version of two copies is the newer one. */
  version: number;
}

@ObjectType({ description: 'A page of users.' })
export class UserConnection extends ConnectionOf(UserDto, 'User') {}

export class UserIds {
  @IsIdList(1000) ids: string[];
}

@InputType({ description: 'Fields that are omitted keep their values.' })
export class ProfileInput {
  @Field({ description: 'The name that others see: 1 to 100 characters.', nullable: true })
  @IsOptional()
  @IsName(1, 100)
  name?: string;
  @Field({ description: 'A text about the user: at most 2,000 characters.', nullable: true })
  @IsOptional()
  @IsReadableText(0, MAX_BIO)
  bio?: string;
  @Field({ description: 'The street and the house number: at most 500 characters.', nullable: true })
  @IsOptional()
  @IsName(0, MAX_ADDRESS)
  shippingAddress?: string;
  @Field({ description: 'The postal code: at most 20 characters.', nullable: true })
  @IsOptional()
  @IsName(0, 20)
  pincode?: string;
  @Field({ description: 'The city: at most 100 characters.', nullable: true })
  @IsOptional()
  @IsName(0, 100)
  city?: string;
  @Field({ description: 'The country: at most 100 characters.', nullable: true })
  @IsOptional()
  @IsName(0, 100)
  country?: string;
  @Field({ description: 'The phone number for the delivery: at most 30 characters.', nullable: true })
  @IsOptional()
  @IsName(0, 30)
  phoneNumber?: string;
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
