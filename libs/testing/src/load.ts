import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { ClientProxy } from '@nestjs/microservices';
import pg from 'pg';

/** What it takes to answer something: requests to services by their patterns, and SQL sent to their databases. */
export interface Load {
  requests: string[];
  statements: string[];
}

/** What the services of this process do because of `work`, known by its trace from all that they do at the same time. */
export async function loadOf(work: () => Promise<unknown>): Promise<Load> {
  const load: Load = { requests: [], statements: [] };
  const { send } = ClientProxy.prototype;
  const { query } = pg.Client.prototype;
  try {
    await runWithTrace(undefined, () => {
      const trace = traceId();
      ClientProxy.prototype.send = watched(send, ([pattern]) => {
        if (traceId() === trace) load.requests.push(pattern as string);
      });
      pg.Client.prototype.query = watched(query, ([statement]) => {
        if (traceId() === trace) load.statements.push(sqlOf(statement as string | { text: string }));
      });
      return work();
    });
    return load;
  } finally {
    ClientProxy.prototype.send = send;
    pg.Client.prototype.query = query;
  }
}

const traceId = () => currentTraceparent()?.split('-')[1];

const sqlOf = (statement: string | { text: string }) => (typeof statement === 'string' ? statement : statement.text);

const watched = <F extends (...args: never[]) => unknown>(method: F, see: (args: unknown[]) => void): F =>
  new Proxy(method, {
    apply(target, self, args: unknown[]) {
      see(args);
      return Reflect.apply(target, self, args) as unknown;
    },
  });
