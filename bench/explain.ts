// What PostgreSQL does for a statement, in a few words and figures.
import type { Client } from 'pg';

/** A statement as it was sent to PostgreSQL. */
export interface Statement {
  text: string;
  values: unknown[];
}

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}

/** Runs the statement once to warm the cache, then under EXPLAIN ANALYZE. */
export async function explain(client: Client, { text, values }: Statement) {
  await client.query(text, values);
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan; 'Execution Time': number }] }>(
    `explain (analyze, buffers, format json) ${text}`,
    values,
  );
  const result = rows[0]?.['QUERY PLAN'][0];
  if (!result) throw new Error(`PostgreSQL does not explain ${text}`);
  const { Plan, 'Execution Time': ms } = result;
  const scans = [...scansOf(Plan)];
  return {
    plan: scans.map(({ name }) => name).join(', '),
    rows: scans.reduce((sum, { rows }) => sum + Math.round(rows), 0),
    buffers: Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'],
    ms,
  };
}

/** The plan as PostgreSQL writes it. */
export async function planText(client: Client, { text, values }: Statement) {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers) ${text}`, values);
  return `${text}\n\n${rows.map((row) => row['QUERY PLAN']).join('\n')}\n`;
}

/** Each source of rows, with the number of rows it read, including those that a filter removed. */
function* scansOf(plan: Plan): Generator<{ name: string; rows: number }> {
  for (const child of plan.Plans ?? []) yield* scansOf(child);
  const type = plan['Node Type'];
  if (!type.includes('Scan') && type !== 'Sort') return;
  const read =
    plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  // The heap scan reads the rows of a bitmap, and a sort gets its rows from a scan.
  const rows = type === 'Bitmap Index Scan' || type === 'Sort' ? 0 : read * plan['Actual Loops'];
  yield { name: [type, plan['Index Name'] ?? plan['Relation Name']].filter(Boolean).join(' '), rows };
}
