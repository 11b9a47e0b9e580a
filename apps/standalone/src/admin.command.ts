import { useLogger } from '@app/telemetry';
import { admin as administer } from '../../user/src/admin.command.js';
import { UserConfig } from '../../user/src/config.js';
import { readConfig, readServiceConfig } from './config.js';
import { Store } from './store.js';

/** The user service's command, on the standalone's data. The standalone may be running or stopped. */
export async function admin(args: string[]): Promise<() => Promise<void>> {
  const store = await Store.open(readConfig(), `the command admin (process ${process.pid})`);
  try {
    const config = readServiceConfig(UserConfig, store.url('bazaar_user'));
    useLogger('user', config);
    process.stdout.write(`${await administer(args, config)}\n`);
  } finally {
    await store.close();
  }
  return async () => undefined;
}
