import { EmbeddedPostgres } from '@app/embedded-postgres';

/** `postgres <directory>`: runs only an embedded PostgreSQL, for tests. Prints its URL and runs until its input ends. */
export async function postgres([directory]: string[]) {
  if (!directory) throw new Error('Usage: postgres <directory>');
  const server = await EmbeddedPostgres.start(directory);
  process.stdout.write(`${server.url('postgres')}\n`);
  process.stdin.on('end', () => process.emit('SIGTERM')).resume();
  return () => server.stop();
}
