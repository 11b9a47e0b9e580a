import { canonicalEmail } from '@app/contracts';
import { Migration } from '@mikro-orm/migrations';

const BATCH_SIZE = 1_000;

/**
 * The canonical form of e-mail addresses that earlier releases stored as they were typed. If two users have forms of one address,
 * the one who registered the canonical form has it, or else the older one; the other's key stays null. Each statement can be repeated.
 */
export class Migration004EmailKeys extends Migration {
  /** So that the table is locked only to add the column. */
  override isTransactional() {
    return false;
  }

  override async up() {
    await this.execute(`alter table users add if not exists email_key varchar(254) null`);
    await this.execute(`create unique index if not exists users_email_key_unique on users (email_key)`);
    // An address in ASCII without a domain in Punycode is canonical: earlier releases stored addresses in lowercase.
    const next = String.raw`
      select id, email from users where id > ? and email_key is null and (email ~ '[^\x01-\x7f]' or email ~ '[@.]xn--')
      order by id limit ${BATCH_SIZE}`;
    let after = '00000000-0000-0000-0000-000000000000';
    for (let size = BATCH_SIZE; size === BATCH_SIZE;) {
      const users = (await this.execute(next, [after])) as unknown as { id: string; email: string }[];
      for (const { id, email } of users) await this.setKey(id, email, canonicalEmail(email));
      after = users.at(-1)?.id ?? after;
      size = users.length;
    }
  }

  private async setKey(id: string, email: string, key: string) {
    if (key === '' || key === email) return;
    const isFree = 'not exists (select from users where email = ? or email_key = ?)';
    await this.execute(`update users set email_key = ? where id = ? and ${isFree}`, [key, id, key, key]);
  }
}
