/**
 * `npm run test:generated`: statements from a grammar, run on plain tables and through acra-server on protected ones. Ends with 1 where one
 * leaks, is answered wrongly, or ends a connection.
 *
 *   --seed=N      repeats a run; by default a random one, which is printed
 *   --count=N     statements (default 20000)
 *   --index=N     one statement of the run alone
 *   --json=FILE   writes the report
 *   --verbose     prints why statements were refused or have failed, and what was never worked
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { everything } from '../protected-tables.ts'
import { startLab } from '../setup.ts'
import { failureLines, reportJson, reportLines, verboseLines } from './report.ts'
import { runGenerated } from './run.ts'

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '20000' },
    index: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const seed = flags.seed === undefined ? Date.now() % 1_000_000 : Number(flags.seed)
const lab = await startLab({ auth: 'trust', inMemory: true })
try {
  const started = performance.now()
  const report = await runGenerated(lab, {
    seed,
    first: Number(flags.index ?? 0),
    count: flags.index === undefined ? Number(flags.count) : 1,
    protection: everything(),
    sessions: 3,
    shrinkBudget: 400,
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  for (const line of report.failures.flatMap((failure) => failureLines(seed, failure)))
    console.log(line)
  if (flags.verbose) for (const line of verboseLines(report)) console.log(line)
  console.log(`seed ${seed}, ${seconds} s`)
  for (const line of reportLines(report)) console.log(line)
  if (flags.json !== undefined) writeFileSync(flags.json, `${reportJson(seed, report)}\n`)
  if (report.counts.leak + report.counts.wrong + report.counts.crash > 0) process.exitCode = 1
} finally {
  await lab.stop()
}
