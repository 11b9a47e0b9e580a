import { gatewayService } from '../../gateway/src/gateway.module.js';
import { OrderConfig } from '../../order/src/config.js';
import { orderService } from '../../order/src/order.module.js';
import { ProductConfig } from '../../product/src/config.js';
import { productService } from '../../product/src/product.module.js';
import { UserConfig } from '../../user/src/config.js';
import { userService } from '../../user/src/user.module.js';
import { startService } from '@app/platform';
import { startTracing, useLogger } from '@app/telemetry';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { readConfig, readGatewayConfig, readServiceConfig } from './config.js';
import { Store } from './store.js';
import { inProcess, rabbitMq } from './transport.js';

const LOCK_WAIT_MS = 2_000;

const SERVICES = [
  { service: userService, config: UserConfig },
  { service: productService, config: ProductConfig },
  { service: orderService, config: OrderConfig },
];

/** Starts everything in this process. @returns the function that stops it: the gateway first, PostgreSQL last. */
export async function startStandalone(): Promise<() => Promise<void>> {
  const config = readConfig();
  const gateway = readGatewayConfig();
  useLogger('standalone', gateway);
  const address = `http://${gateway.HOST.includes(':') ? `[${gateway.HOST}]` : gateway.HOST}:${gateway.PORT}/graphql`;

  const opened: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    while (opened.length > 0) await opened.pop()!();
  };
  try {
    opened.push(await startTracing('bazaar', gateway));
    const store = await Store.open(config, `${address} (process ${process.pid})`, LOCK_WAIT_MS);
    opened.push(() => store.close());
    if (store.heldBy !== undefined)
      throw new Error(`Bazaar already runs on this data, at ${store.heldBy}. Stop that one, or set another DATA_DIR.`);
    await refuseTakenPort(gateway.HOST, gateway.PORT);

    const transport = rabbitMq(config) ?? (await inProcess(store));
    opened.push(() => transport.close());
    for (const { service, config } of SERVICES) {
      const app = await startService(
        service,
        readServiceConfig(config, store.url(`bazaar_${service.name}`)),
        transport,
      );
      opened.push(() => app.close());
    }
    const app = await startService(gatewayService, gateway, transport);
    opened.push(() => app.close());

    process.stdout.write(welcome(address, await store.place(config.DATA_DIR)));
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Checks the port before anything else starts, for a clear error message. */
async function refuseTakenPort(host: string, port: number): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is in use by another program. Stop that program, or set another PORT.`, {
      cause: error,
    });
  });
  server.close();
  await once(server, 'close');
}

const welcome = (address: string, place: string) => `
The API is at ${address}. Open it in a browser: the tabs of GraphiQL walk from a registration to a live order.
The data is ${place}. Ctrl-C stops everything.

To begin:

  curl ${address} -H 'content-type: application/json' -d '{ "query": "mutation { registerUser(input: { name: \\"Asha\\", email: \\"asha@example.com\\", password: \\"correct horse\\" }) { id name } }" }'

docs/api.md shows what comes next.

`;
