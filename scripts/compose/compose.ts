import { spawnSync } from 'node:child_process';

/** The command of Docker Compose, if it is installed. */
export const compose = [['docker', 'compose'], ['docker-compose']].find(
  ([program = '', ...args]) => spawnSync(program, [...args, 'version']).status === 0,
);
