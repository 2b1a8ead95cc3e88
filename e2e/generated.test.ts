/** Statements from a grammar, on plain tables and through acra-server on protected ones: `npm run test:generated` for more of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureLines, reportLines } from './generated/report.ts'
import { type Report, runGenerated } from './generated/run.ts'
import { everything, type Protection } from './protected-tables.ts'
import { startLab } from './setup.ts'

const seed = 20261124

/** A run in a lab of its own. */
async function run(
  count: number,
  protection: Protection = everything(),
  shrinkBudget = 400,
): Promise<Report> {
  const lab = await startLab({ auth: 'trust', inMemory: true })
  try {
    return await runGenerated(lab, { seed, first: 0, count, protection, sessions: 3, shrinkBudget })
  } finally {
    await lab.stop()
  }
}

/** The protection with another entry for a column of users. */
function planted(column: string, entry: string): Protection {
  const protection = everything()
  const { encryptorConfig } = protection
  const planted = encryptorConfig.replace(new RegExp(`- \\{ column: ${column},.*`), entry)
  assert.notEqual(planted, encryptorConfig)
  return { ...protection, encryptorConfig: planted }
}

test('20,000 statements: none leaks, none is answered wrongly, most of them work', async (t) => {
  const report = await run(20_000)
  t.diagnostic(`seed ${seed}`)
  for (const line of reportLines(report)) t.diagnostic(line)
  assert.deepEqual(
    report.failures.flatMap((failure) => failureLines(seed, failure)),
    [],
  )
  const { leak, wrong, crash, worked } = report.counts
  assert.deepEqual({ leak, wrong, crash }, { leak: 0, wrong: 0, crash: 0 })

  // A run that acra-server refuses would find nothing.
  assert.ok(worked > report.total * 0.75, 'three of four work')
  assert.ok(report.protectedWorked > report.protectedTotal * 0.75, 'of the protected ones too')
  const idle = [...report.productions].filter(([, production]) => production.worked === 0)
  assert.deepEqual(
    idle.map(([name]) => name),
    [],
    'every production of the grammar is in a statement that works',
  )
  assert.ok(report.productions.size > 150, 'the grammar has many productions')
  assert.ok(report.daring.size > 30, 'and some that may be refused')
})

test('a column that the config leaves out is found as a leak, and told by a small statement', async () => {
  const report = await run(200, planted('email', '- { column: role }'), 40)
  assert.ok(report.counts.leak > 0)
  const [failure] = report.failures.filter(({ result }) => result === 'leak')
  const { statement, smallest } = failure ?? assert.fail('no leak is told')
  assert.ok(JSON.stringify(smallest.steps).length <= JSON.stringify(statement.steps).length)
  assert.match(JSON.stringify(smallest.steps), /email|\*/)
})

test('a column that is shown as another type is found as a wrong answer', async () => {
  const report = await run(
    200,
    planted('full_name', '- { column: full_name, data_type: bytes }'),
    0,
  )
  assert.ok(report.counts.wrong > 0)
  assert.equal(report.counts.leak, 0)
})
