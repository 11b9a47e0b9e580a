import { contract, event, request, type ClientOf } from '../contract.js';
import { Nothing } from '../nothing.js';
import { PageArgs, type Page } from '../page.js';
import {
  AuthTokens,
  LoginInput,
  Logout,
  PasswordChange,
  RefreshToken,
  RegisterInput,
  SessionEnded,
  SessionIds,
  TokenToValidate,
  ValidToken,
} from './session.dto.js';
import { ProfileUpdate, UserDto, UserIds, UserProfileUpdated, UserRegistered } from './user.dto.js';

export const users = contract('user', {
  requests: {
    register: request(RegisterInput).answers<UserDto>(),
    login: request(LoginInput).answers<AuthTokens>(),
    /** Replaces the newest refresh token. Its predecessor gets the same successor for seconds; any other reuse ends the session. */
    refresh: request(RefreshToken).answers<AuthTokens>(),
    logout: request(Logout).answers<void>(),
    /** Ends every other session of the user. */
    changePassword: request(PasswordChange).answers<AuthTokens>(),
    validateToken: request(TokenToValidate).answers<ValidToken>(),
    /** The sessions among these that have ended. */
    endedSessions: request(SessionIds).answers<string[]>(),
    /** The users with these ids that exist, in no particular order. */
    getMany: request(UserIds).answersRows<UserDto>('getMany'),
    /** Newest first, at most MAX_LIST + 1: the last one shows that there are more. */
    list: request(Nothing).answersRows<UserDto>('getMany'),
    /** Newest first. */
    page: request(PageArgs).answers<Page<UserDto>>(),
    count: request(Nothing).answers<number>(),
    updateProfile: request(ProfileUpdate).answers<UserDto>(),
  },
  events: {
    registered: event(UserRegistered, 'order'),
    /** A shipping detail has changed. Other changes of a profile are not published. */
    profileUpdated: event(UserProfileUpdated, 'order'),
    sessionEnded: { ...event(SessionEnded), pattern: 'session.ended' },
  },
});

export type UserClient = ClientOf<typeof users>;
