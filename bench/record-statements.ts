// Preloaded into an app (`node --import`): sends every SQL statement to the parent process.
import pg from 'pg';

const { query } = pg.Client.prototype;

pg.Client.prototype.query = new Proxy(query, {
  apply(target, client, args) {
    const [statement, given] = args;
    const { text, values } = typeof statement === 'string' ? { text: statement, values: given } : statement;
    process.send?.({ text, values: Array.isArray(values) ? values : [] });
    return Reflect.apply(target, client, args);
  },
});

// The channel to the parent does not keep the app alive.
process.channel?.unref();
