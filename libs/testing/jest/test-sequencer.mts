// Jest's `testSequencer`: the longest spec files first, so that no worker is busy alone at the end. Jest knows how long a file takes
// only where it has run before, and else goes by size.
import { createRequire } from 'node:module';

interface File {
  path: string;
  duration?: number;
}

// Its types are wrong for ES modules.
const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer') as {
  default: new (options: object) => { sort(files: File[]): File[] };
};

const hasFaults = ({ path }: File) => path.includes('/test/faults/');

export default class LongestFirst extends Sequencer {
  override sort(files: File[]): File[] {
    const sorted = super.sort([...files]);
    if (sorted.every(({ duration }) => duration !== undefined)) return sorted;
    return sorted.toSorted((one, other) => Number(hasFaults(other)) - Number(hasFaults(one)));
  }
}
