import { Migration } from '@mikro-orm/migrations';

export class Migration003RefreshGrace extends Migration {
  override up() {
    this.addSql(`
      alter table sessions
        add column refresh_series text null,
        add column rotation_salt text null,
        add column rotated_at timestamptz null`);
  }
}
