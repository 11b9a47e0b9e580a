// A small server of bench/ceilings, in a process of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../scripts/workspace.ts';
import { graphqlClient, type Contender } from './contender.ts';
import { freePort } from './stack.ts';

const MAX_TRIES = 300;

interface Ceiling {
  name: string;
  /** In bench/ceilings. It answers with `answer`, or with the data in it. */
  file: string;
  answer: string;
  request: () => string;
  isRight: (answer: string) => boolean;
}

export async function startCeiling({ name, file, answer, request, isRight }: Ceiling) {
  const PORT = await freePort();
  const env = { ...process.env, PORT, ANSWER: answer, NODE_ENV: 'production' };
  const { child, ended } = start([`bench/ceilings/${file}.ts`], { env, stdio: ['ignore', 2, 2] });
  const { post, close } = graphqlClient(`http://127.0.0.1:${PORT}`);
  const contender: Contender = {
    name,
    processes: { [name]: child.pid! },
    async run() {
      const actual = await post(request());
      if (!isRight(actual)) throw new Error(`${name}: another answer: ${actual.slice(0, 200)}`);
    },
  };
  const stop = async () => {
    await close();
    child.kill('SIGTERM');
    await ended;
  };
  for (let tries = 0; ; tries++) {
    const failure: unknown = await contender.run(0).catch((error: unknown) => error);
    if (failure === undefined) return { contender, stop };
    if (tries === MAX_TRIES) throw failure;
    await sleep(100);
  }
}
