import { Migration001Users } from './migrations/migration-001-users.js';
import { Session } from './session/session.entity.js';
import { SigningKey } from './session/signing-key.entity.js';
import { User } from './user/user.entity.js';

export const database = {
  entities: [User, Session, SigningKey],
  migrations: [{ name: '001-users', class: Migration001Users }],
};
