import { Migration001Users } from './migrations/migration-001-users.js';
import { Migration002Sessions } from './migrations/migration-002-sessions.js';
import { Migration003RefreshGrace } from './migrations/migration-003-refresh-grace.js';
import { Migration004EmailKeys } from './migrations/migration-004-email-keys.js';
import { LoginFailures } from './session/login-failures.entity.js';
import { Session } from './session/session.entity.js';
import { SigningKey } from './session/signing-key.entity.js';
import { User } from './user/user.entity.js';

export const database = {
  entities: [User, Session, LoginFailures, SigningKey],
  migrations: [
    { name: '001-users', class: Migration001Users },
    { name: '002-sessions', class: Migration002Sessions },
    { name: '003-refresh-grace', class: Migration003RefreshGrace },
    { name: '004-email-keys', class: Migration004EmailKeys },
  ],
  stale: [
    { table: 'sessions', where: 'expires_at < now()' },
    { table: 'login_failures', where: `last_failed_at < now() - interval '1 day'` },
  ],
};
