/** docs/sql-support.md: which statements work, and why others are refused. */
import { summaryOf, type Verdict } from './verdicts.ts'

export function matrixOf(verdicts: readonly Verdict[]): string {
  const summary = summaryOf(verdicts)
  const categories = [...new Set(verdicts.map(({ category }) => category))]
  const rows = categories.map((category) => {
    const own = verdicts.filter((verdict) => verdict.category === category)
    const count = (...results: string[]) =>
      own.filter(({ result }) => results.includes(result)).length
    return `| ${category} | ${own.length} | ${count('rewritten', 'passed')} | ${count('refused')} | ${count('leak')} | ${count('wrong')} |`
  })
  const reasons = new Map<string, string[]>()
  for (const { id, result, reason } of verdicts) {
    if (result === 'refused') reasons.set(reason, [...(reasons.get(reason) ?? []), id])
  }
  const refusals = [...reasons].map(([reason, ids]) => `| ${reason} | ${ids.join(' ')} |`)
  return `# Which statements of PostgreSQL work

Written by \`npm run test:taint -- --matrix=docs/sql-support.md\`: every statement of the corpus in e2e/shapes is run on plain tables and through acra-server on
protected ones, with \`--schema_introspection\`; what the client is told is compared, and every byte on the way to the database is searched for what must not be there.

${summary.rewriteWorking} of ${summary.rewriteTotal} statements that must be rewritten work, ${summary.passWorking} of ${summary.passTotal} that must pass; ${summary.leak} leak, ${summary.wrong} are answered wrongly.

| kind | statements | work | refused | leak | wrong |
|---|---|---|---|---|---|
${rows.join('\n')}

## Why statements are refused

| reason | statements |
|---|---|
${refusals.join('\n')}
`
}
