// npm run bench: each benchmark loads Bazaar and its ceilings in turn, and compares them. bench/README.md explains the results.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { chart } from './chart.ts';
import { load, type Round } from './contender.ts';
import { orders } from './loads/orders.ts';
import { products, productsUncached } from './loads/products.ts';
import { quantile } from './quantile.ts';

const BENCHMARKS: Record<string, Benchmark> = { products, 'products-uncached': productsUncached, orders };
const RESULTS = new URL('results/', import.meta.url);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    /** Writes the results, which later runs are compared with. */
    save: { type: 'boolean', default: false },
  },
});

/** The ratio of two rates: the median of the rounds, and its quartiles. */
interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
let failed = false;
for (const name of names) {
  const benchmark = BENCHMARKS[name];
  if (!benchmark) throw new Error(`There is no benchmark ${name}. There are: ${Object.keys(BENCHMARKS).join(', ')}`);
  const rounds = await measure(benchmark);
  const ratios = Object.fromEntries(
    [...rounds.keys()].slice(1).map((ceiling) => [ceiling, ratioOf(rounds.get('Bazaar')!, rounds.get(ceiling)!)]),
  );
  report(benchmark, rounds, ratios);
  failed ||= (await isWorse(name, ratios)) || [...rounds.values()].flat().some(({ errors }) => errors > 0);
  if (options.save) await save(name, benchmark, rounds, ratios);
}
process.exit(failed ? 1 : 0);

/** The rounds of each contender. Their order changes from round to round, since the machine's speed does. */
async function measure({ clients, open }: Benchmark): Promise<Map<string, Round[]>> {
  const { contenders, close } = await open();
  try {
    const rounds = new Map(contenders.map(({ name }) => [name, [] as Round[]]));
    for (let round = -1; round < Number(options.rounds); round++)
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const result = await load(contender, { clients, seconds: Number(options.seconds) });
        // The first round warms up.
        if (round >= 0) rounds.get(contender.name)!.push(result);
      }
    return rounds;
  } finally {
    await close();
  }
}

function ratioOf(ours: Round[], ceiling: Round[]): Ratio {
  const ratios = ours.map(({ operationsPerSecond }, i) => operationsPerSecond / ceiling[i]!.operationsPerSecond);
  return { median: quantile(ratios, 0.5), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

function report({ title, goals, clients }: Benchmark, rounds: Map<string, Round[]>, ratios: Record<string, Ratio>) {
  console.log(`\n${title}, ${clients} clients, ${cpus().length} cores\n`);
  console.log('| | operations/s | p50 | p99 | errors | CPU of an operation | of which | ratio (quartiles) | goal |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |');
  for (const [name, results] of rounds) {
    const of = (value: (round: Round) => number) => quantile(results.map(value), 0.5);
    const parts = Object.keys(results[0]!.cpu).map((part) => [part, of(({ cpu }) => cpu[part] ?? 0)] as const);
    const shown = parts.filter(([, us]) => us >= 1).map(([part, us]) => `${part} ${us.toFixed(0)}`);
    const cells = [
      of((round) => round.operationsPerSecond).toFixed(0),
      `${of(({ p50 }) => p50).toFixed(2)} ms`,
      `${of(({ p99 }) => p99).toFixed(2)} ms`,
      results.reduce((sum, { errors }) => sum + errors, 0),
      `${parts.reduce((sum, [, us]) => sum + us, 0).toFixed(0)} µs`,
      shown.join(', '),
      ratios[name]
        ? `${ratios[name].median.toFixed(2)} (${ratios[name].low.toFixed(2)} to ${ratios[name].high.toFixed(2)})`
        : '',
      goals[name] ?? '',
    ];
    console.log(`| ${[name, ...cells].join(' | ')} |`);
  }
}

/** Whether a ratio is below the saved one by more than both vary. */
async function isWorse(name: string, ratios: Record<string, Ratio>): Promise<boolean> {
  const saved = await readFile(new URL(`${name}.json`, RESULTS), 'utf8').catch(() => undefined);
  if (saved === undefined) return false;
  const before = (JSON.parse(saved) as { ratios: Record<string, Ratio> }).ratios;
  const worse = Object.entries(ratios).filter(([ceiling, { high }]) => high < (before[ceiling]?.low ?? 0));
  for (const [ceiling, { median }] of worse)
    console.error(`${name}: ${median.toFixed(2)} of ${ceiling}, and ${before[ceiling]!.median.toFixed(2)} before`);
  return worse.length > 0;
}

async function save(name: string, benchmark: Benchmark, rounds: Map<string, Round[]>, ratios: Record<string, Ratio>) {
  await mkdir(RESULTS, { recursive: true });
  const { title, clients, goals } = benchmark;
  const result = { title, clients, goals, cores: cpus().length, ratios, rounds: Object.fromEntries(rounds) };
  await writeFile(new URL(`${name}.json`, RESULTS), `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(new URL(`${name}.svg`, RESULTS), chart(title, rounds));
}
