// Loaded before a service (`node --import`), it tells the process that started it of every statement sent to PostgreSQL.
import pg from 'pg';

const { query } = pg.Client.prototype;

pg.Client.prototype.query = function (statement, ...rest) {
  const { text, values } = typeof statement === 'string' ? { text: statement, values: rest[0] } : statement;
  process.send({ text, values: Array.isArray(values) ? values : [] });
  return query.call(this, statement, ...rest);
};

// It does not keep the service from ending.
process.channel.unref();
