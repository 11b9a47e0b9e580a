// Fills the services' databases by SQL. It takes seconds; through the API it would take hours.
import { connected, type Stack } from './stack.ts';

export const USERS = 100_000;
export const PRODUCTS = 100_000;
export const ORDERS = 1_000_000;
const SELLERS = 1_000;
/** Every so many orders, one belongs to the regular customer. */
const REGULAR = 499;

/** The n-th id of a kind. Later ids are higher, like the UUID 7 that the services generate. `n` is an SQL expression. */
const id = (kind: string, n: string) => {
  const random = `md5('${kind}' || (${n}))`;
  return `(lpad(to_hex(1600000000000 + (${n})), 12, '0') || '7' || left(${random}, 3) || '8' || right(${random}, 15))::uuid`;
};

const word = (n: string, ...words: string[]) =>
  `(array[${words.map((each) => `'${each}'`).join(', ')}])[1 + (${n}) % ${words.length}]`;

export const fillUsers = (stack: Stack) =>
  run(stack.databaseUrl('user'), [
    `insert into users (id, name, email, password_hash, created_at)
     select ${id('user', 'i')}, 'User ' || i, 'user' || i || '@example.com', 'none', now() from generate_series(1, ${USERS}) i`,
    'vacuum analyze',
  ]);

/**
 * One in a hundred is deleted, one in ten is out of stock, every second one is made of steel, and every 5,000th has a samovar.
 * Every third has a Japanese name, and every 5,000th of all a Chinese one.
 * @param sellerId the seller of all products. Without it, a thousand users sell them.
 */
export const fillProducts = (stack: Stack, sellerId?: string) =>
  run(stack.databaseUrl('product'), [
    `insert into products
       (id, name, unit_price_cents, stock, description, seller_id, version, created_at, updated_at, deleted_at)
     select ${id('product', 'i')},
            ${word('i', 'Tea', 'Coffee', 'Soup', 'Salad', 'Bread')} || ' ' || ${word('i / 5', 'cup', 'Bowl', 'knife', 'Tray')} || ' ' || i % 5000
              || case when i % 5000 = 11 then ' 电热水壶' when i % 3 = 0 then ' 緑茶の茶碗' else '' end,
            (random() * 100000)::int,
            case when i % 10 = 0 then 0 else i % 100 end,
            ${word('abs(hashint4(i))', 'Made of steel', 'Made of wood')} || ', number ' || md5(i::text)
              || case when i % 5000 = 7 then ', with a samovar' else ', without' end,
            ${sellerId ? `'${sellerId}'::uuid` : id('user', `1 + i % ${SELLERS}`)}, 1, now(), now(), case when i % 101 = 100 then now() end
     from generate_series(1, ${Math.ceil((PRODUCTS * 101) / 100)}) i`,
    'vacuum analyze',
  ]);

/** Ten orders for each user, with one to three products each. The latest thousandth is open. Every 499th is the regular customer's. */
export const fillOrders = (stack: Stack, regularId: string) =>
  run(stack.databaseUrl('order'), [
    // Skips the checks of the foreign key, which holds.
    'set session_replication_role = replica',
    `insert into orders (id, user_id, status, total_cents, shipping, shipping_version, version, created_at, updated_at)
     select ${id('order', 'i')}, case when i % ${REGULAR} = 0 then '${regularId}'::uuid else ${id('user', `i % ${USERS}`)} end,
            case when i > ${ORDERS} * 0.999 then 'PROCESSING' when i % 20 = 0 then 'CANCELLED' else 'DELIVERED' end,
            1000, '{"shippingAddress":"1 High Street","pincode":"1","city":"London","country":"UK","phoneNumber":"+44"}',
            1, 3, now(), now()
     from generate_series(1, ${ORDERS}) i`,
    `insert into order_items (id, order_id, product_id, quantity, unit_price_cents)
     select ${id('item', 'i * 3 + j')}, ${id('order', 'i')}, ${id('product', `(i * j) % ${PRODUCTS}`)}, j, 500
     from generate_series(1, ${ORDERS}) i, generate_series(1, 3) j where j <= 1 + i % 3`,
    'vacuum analyze',
  ]);

async function run(url: string, statements: string[]) {
  const client = await connected(url);
  for (const statement of statements) await client.query(statement);
  await client.end();
}
