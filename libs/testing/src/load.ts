import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { ClientProxy } from '@nestjs/microservices';
import pg from 'pg';

/** The requests between services, by pattern, and the SQL statements that an operation causes. */
export interface Load {
  requests: string[];
  statements: string[];
}

/** Records what `work` causes in the services of this process. Its trace separates it from everything else. */
export async function loadOf(work: () => Promise<unknown>): Promise<Load> {
  const load: Load = { requests: [], statements: [] };
  const { send } = ClientProxy.prototype;
  const { query } = pg.Client.prototype;
  try {
    await runWithTrace(undefined, () => {
      const trace = traceId();
      ClientProxy.prototype.send = recordCalls(send, ([pattern]) => {
        if (traceId() === trace) load.requests.push(pattern as string);
      });
      pg.Client.prototype.query = recordCalls(query, ([statement]) => {
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

const recordCalls = <F extends (...args: never[]) => unknown>(method: F, record: (args: unknown[]) => void): F =>
  new Proxy(method, {
    apply(target, self, args: unknown[]) {
      record(args);
      return Reflect.apply(target, self, args) as unknown;
    },
  });
