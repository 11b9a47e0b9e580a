import { contract, event, request, type ClientOf } from '../contract.js';
import { AuthTokens, LoginInput, RegisterInput, TokenToValidate, ValidToken } from './session.dto.js';
import { ProfileUpdate, UserDto, UserIds, UserProfileUpdated, UserRegistered } from './user.dto.js';
import { Nothing } from '../nothing.js';

export const users = contract('user', {
  requests: {
    register: request(RegisterInput).answers<UserDto>(),
    login: request(LoginInput).answers<AuthTokens>(),
    validateToken: request(TokenToValidate).answers<ValidToken>(),
    /** Those that exist, in no particular order. */
    getMany: request(UserIds).answers<UserDto[]>(),
    /** Newest first, at most 1000. */
    list: request(Nothing).answers<UserDto[]>(),
    updateProfile: request(ProfileUpdate).answers<UserDto>(),
  },
  events: {
    registered: event(UserRegistered, 'order'),
    profileUpdated: event(UserProfileUpdated, 'order'),
  },
});

export type UserClient = ClientOf<typeof users>;
