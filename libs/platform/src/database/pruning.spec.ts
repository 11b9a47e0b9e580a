import { eventually } from '@app/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PlatformUnderTest } from '../../test/platform-under-test.js';

let platform: PlatformUnderTest;
beforeEach(async () => {
  platform = await PlatformUnderTest.create();
  await platform.database.query('create table notes (text text, is_old boolean)');
});
afterEach(() => platform.close());

const startInstance = () => platform.start({ stale: [{ table: 'notes', where: 'is_old' }] });

test('deletes all stale rows and no others at startup, in several batches', async () => {
  await startInstance();
  await platform.database.query(
    `insert into inbox select gen_random_uuid(), now() - interval '8 days' from generate_series(1, 12000)`,
  );
  await platform.database.query(
    `insert into inbox select gen_random_uuid(), now() - interval '6 days' from generate_series(1, 3)`,
  );
  await platform.database.query(`insert into notes select 'old', true from generate_series(1, 12000)`);
  await platform.database.query(`insert into notes select 'new', false from generate_series(1, 3)`);
  await Promise.all([startInstance(), startInstance()]);
  const left = `select (select count(*)::int from inbox) as inbox, (select count(*)::int from notes) as notes,
    (select min(handled_at) > now() - interval '7 days' from inbox) and not (select bool_or(is_old) from notes) as "areNew"`;
  await eventually(async () =>
    expect(await platform.database.query(left)).toEqual([{ inbox: 3, notes: 3, areNew: true }]),
  );
});
