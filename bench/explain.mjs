// What PostgreSQL does for a statement, in a few words and figures.

/** Runs it once to warm what it reads, then by EXPLAIN ANALYZE. */
export async function explain(client, { text, values }) {
  await client.query(text, values);
  const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, values);
  const [{ Plan, 'Execution Time': ms }] = rows[0]['QUERY PLAN'];
  return {
    plan: [...scansOf(Plan)].map(({ name }) => name).join(', '),
    rows: [...scansOf(Plan)].reduce((sum, { rows }) => sum + Math.round(rows), 0),
    buffers: Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'],
    ms,
  };
}

/** The plan as PostgreSQL writes it. */
export async function planText(client, { text, values }) {
  const { rows } = await client.query(`explain (analyze, buffers) ${text}`, values);
  return `${text}\n\n${rows.map((row) => row['QUERY PLAN']).join('\n')}\n`;
}

/** Each place where rows come from, with how many were read there, also those that were filtered out. */
function* scansOf(plan) {
  for (const child of plan.Plans ?? []) yield* scansOf(child);
  const type = plan['Node Type'];
  if (!type.includes('Scan') && type !== 'Sort') return;
  const read =
    plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  // A bitmap's rows are read from the table, and a sort reads what a scan has read.
  const rows = type === 'Bitmap Index Scan' || type === 'Sort' ? 0 : read * plan['Actual Loops'];
  yield { name: [type, plan['Index Name'] ?? plan['Relation Name']].filter(Boolean).join(' '), rows };
}
