import { EmbeddedPostgres } from '@app/embedded-postgres';

/** `postgres <directory>`: an embedded PostgreSQL by itself, for tests; tells its URL and runs until its input ends. */
export async function postgres([directory]: string[]) {
  if (!directory) throw new Error('Usage: postgres <directory>');
  const server = await EmbeddedPostgres.start(directory);
  process.stdout.write(`${server.url('postgres')}\n`);
  process.stdin.on('end', () => process.emit('SIGTERM')).resume();
  return () => server.stop();
}
