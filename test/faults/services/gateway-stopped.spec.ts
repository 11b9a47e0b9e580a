import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AppProcess, freePorts } from '../../app-process.js';
import { newCustomers } from '../../client.js';
import { ServicesStack } from '../../services-stack.js';

jest.setTimeout(180_000);

const CONNECTIONS = 12;

let stack: ServicesStack;
let gateways: AppProcess[] = [];
let token: string;
let load: Load | undefined;

beforeAll(async () => {
  // As in production: a client that is silent for as long may send its next request while its connection is being closed.
  stack = await ServicesStack.start({ environment: { SHUTDOWN_DELAY_MS: '2000' } });
  const [gateway] = stack.apps.gateway;
  gateways = [gateway!, gateway!.twin((await freePorts(1))[0]!)];
  await gateways[1]!.start();
  token = (await newCustomers(stack.url, 1))[0]!.token!;
});

afterEach(() => load?.stop());
afterAll(async () => {
  await gateways[1]?.stop();
  await stack?.stop();
});

/** Clients without a load balancer. Each keeps one connection per gateway and uses the gateways in turn. */
class Load {
  answered = 0;
  readonly failures: unknown[] = [];
  private isRunning = true;
  private readonly clients: Promise<void>[];

  constructor(private readonly urls: string[]) {
    this.clients = Array.from({ length: CONNECTIONS }, (_, i) => this.run(i));
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await Promise.all(this.clients);
  }

  /** Tries the next gateway only if one refuses the connection, because it has not received the request. */
  private async run(first: number): Promise<void> {
    const answeredAt: number[] = [];
    const agents = this.urls.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    for (let i = first; this.isRunning; i++) {
      const which = i % this.urls.length;
      try {
        const answer = await ask(this.urls[which]!, agents[which]!);
        if (answer.includes('"errors"')) this.failures.push(answer);
        else this.answered++;
        answeredAt[which] = performance.now();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED')
          this.failures.push({ error, idleMs: performance.now() - (answeredAt[which] ?? 0) });
        await sleep(5);
      }
    }
    for (const agent of agents) agent.destroy();
  }
}

const ask = (url: string, agent: Agent) =>
  new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const asked = request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
      void text(response)
        .then((body) => resolve(response.statusCode === 200 ? body : `"errors" ${body}`))
        .catch(reject);
    });
    asked.on('error', reject).end('{ "query": "{ me { id } products { id } }" }');
  });

async function more(answers: number): Promise<void> {
  const enough = load!.answered + answers;
  while (load!.answered < enough && load!.failures.length === 0) await sleep(20);
}

test('a gateway that stops under load answers every request', async () => {
  const [gateway] = gateways;
  load = new Load([gateway!.url]);
  for (let stops = 0; stops < 2; stops++) {
    await more(100);
    await gateway!.stop();
    await gateway!.start();
  }
  await more(100);
  await load.stop();
  expect(load.failures).toEqual([]);
});

test('a rolling restart of the gateways fails no request', async () => {
  load = new Load(gateways.map(({ url }) => url));
  for (const gateway of gateways) {
    await more(100);
    await gateway.stop();
    await gateway.start();
  }
  await more(100);
  await load.stop();
  expect(load.failures).toEqual([]);
});
