// A small server of bench/ceilings, in a process of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../scripts/workspace.ts';
import { graphqlClient, type Contender } from './contender.ts';
import { freePort } from './stack.ts';

export async function startCeiling(name: string, file: string, request: string, answer: string) {
  const PORT = await freePort();
  const url = `http://127.0.0.1:${PORT}`;
  const env = { ...process.env, PORT, ANSWER: answer, NODE_ENV: 'production' };
  const { child, ended } = start([`bench/ceilings/${file}.ts`], { env, stdio: ['ignore', 2, 2] });
  const { post, close } = graphqlClient(url);
  const contender: Contender = {
    name,
    processes: { [name]: child.pid! },
    async run() {
      if ((await post(request)) !== answer) throw new Error('A wrong answer');
    },
  };
  const stop = async () => {
    await close();
    child.kill('SIGTERM');
    await ended;
  };
  for (
    let tries = 0;
    !(await contender.run(0).then(
      () => true,
      () => false,
    ));
    tries++
  ) {
    if (tries > 100) throw new Error(`${name} does not answer`);
    await sleep(100);
  }
  return { contender, stop };
}
