import { Migration } from '@mikro-orm/migrations';

export class Migration003ReservedUnits extends Migration {
  override up() {
    this.addSql(`alter table products add reserved int not null default 0`);
    // This release does not know which reservations were shipped, so it counts all of them: the limit then applies too early, never too late.
    this.addSql(`
      update products p set reserved = least(r.units, 2147483647)
      from (
        select line."productId" as id, sum(line.quantity) as units
        from reservations, jsonb_to_recordset(lines) as line ("productId" uuid, quantity int)
        where status = 'RESERVED' group by line."productId"
      ) r
      where p.id = r.id`);
    this.addSql(`
      alter table reservations
        drop constraint reservations_status_check,
        add constraint reservations_status_check check (status in ('RESERVED', 'REJECTED', 'SHIPPED', 'RELEASED'))`);
  }
}
