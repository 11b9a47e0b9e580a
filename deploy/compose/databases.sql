-- Run by PostgreSQL's image once, on an empty volume: a database for each service, owned by a role of its own, to which no other may
-- connect; and a role for the exporter, which sees statistics and no data.
\getenv user_password USER_DATABASE_PASSWORD
create role bazaar_user login password :'user_password';
create database bazaar_user owner bazaar_user;
revoke all on database bazaar_user from public;

\getenv product_password PRODUCT_DATABASE_PASSWORD
create role bazaar_product login password :'product_password';
create database bazaar_product owner bazaar_product;
revoke all on database bazaar_product from public;

\getenv order_password ORDER_DATABASE_PASSWORD
create role bazaar_order login password :'order_password';
create database bazaar_order owner bazaar_order;
revoke all on database bazaar_order from public;

\getenv monitoring_password MONITORING_DATABASE_PASSWORD
create role monitoring login password :'monitoring_password' in role pg_monitor;
revoke all on database postgres, template1 from public;
grant connect on database postgres to monitoring;
