import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findCanary, searchable } from './canary.ts'
import {
  bytesOnly,
  exemptCanaries,
  learned,
  type Protection,
  plainSchema,
} from './protected-tables.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { shapeRecords } from './shapes.ts'
import { type Outcome, summary } from './taint.ts'
import { runAll, seed, verdictsOf } from './verdicts.ts'

const records = shapeRecords(18)

let lab: Lab
/** What the database says of plain tables. */
let plain: readonly Outcome[] = []
before(async () => {
  lab = await startLab({ auth: 'trust', inMemory: true })
})
after(() => lab.stop())

/** Faults that are known, by record: what is said of them, and why. */
const known: Readonly<Record<string, { readonly fault: RegExp; readonly reason: string }>> = {
  'pg-prepare-protocol-11': {
    fault: /"ann\.marsh" on the wire/,
    reason:
      'its first Parse is refused, so the name is free and the second takes it: the value is one for users.nick',
  },
}

function faultsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ record, protocol, faults }) =>
    faults.map((fault) => `${record.id} by ${protocol}: ${fault}`),
  )
}

test('without acra-server every record is caught, and succeeds as the corpus says', async (t) => {
  const front = await lab.front({ direct: true })
  await seed(lab, 'plain', plainSchema, front)
  const outcomes = await runAll('plain', records, { server: lab.database, front })
  plain = outcomes
  for (const line of summary(outcomes)) t.diagnostic(line)

  // A literal with escapes is seen in one of the forms that the record lists.
  const uncaught = outcomes.filter(
    ({ record, faults }) =>
      record.canaries.length > 0 && !faults.some((fault) => fault.startsWith('canary ')),
  )
  assert.deepEqual(
    uncaught.map(({ record, protocol }) => `${record.id} by ${protocol}`),
    [],
  )
  const failed = outcomes.filter(({ end }) => end !== 'as expected')
  assert.deepEqual(
    failed.map(({ record, protocol, end }) => `${record.id} by ${protocol}: ${end}`),
    [],
  )
  const others = faultsOf(outcomes).filter((fault) => !/: canary /.test(fault))
  assert.deepEqual(others, [])
})

for (const protection of [bytesOnly(), learned()]) {
  test(`no canary reaches the database: ${protection.name}`, async (t) => {
    const front = await lab.front({
      encryptorConfig: protection.encryptorConfig,
      flags: ['-d', ...protection.flags],
    })
    const name = protection.isLearned ? 'learned' : 'listed'
    await seed(lab, name, protection.schema, front)
    const exempt = (record: (typeof records)[number]) => exemptCanaries(record, protection)
    const own = records.filter(({ category }) => protection.isLearned || category !== 'learned')
    const outcomes = await runAll(name, own, {
      server: lab.database,
      front,
      unprotected: protection.leftOut,
      exempt,
    })

    for (const line of summary(outcomes)) t.diagnostic(line)
    for (const [id, { reason }] of Object.entries(known)) t.diagnostic(`known: ${id}: ${reason}`)
    const exempted = records.flatMap(exempt).length
    t.diagnostic(`${exempted} canaries exempt: ${[...protection.leftOut].join(', ') || 'none'}`)
    assert.deepEqual(faultsOf(outcomes.map(withoutKnownFaults)), [])
    if (protection.leftOut.size === 0) {
      const wrong = verdictsOf(records, plain, outcomes).filter(({ result }) => result === 'wrong')
      for (const { id, reason } of wrong) t.diagnostic(`wrong: ${id}: ${reason}`)
      assert.deepEqual(wrong, [], 'the client is told what it is told of plain tables')
    }
    assert.deepEqual(loggedCanaries(front, protection), [], 'no canary stands in the log')
  })
}

function withoutKnownFaults(outcome: Outcome): Outcome {
  const expected = known[outcome.record.id]
  if (!expected) return outcome
  return { ...outcome, faults: outcome.faults.filter((fault) => !expected.fault.test(fault)) }
}

function loggedCanaries(front: Front, protection: Protection): string[] {
  const log = searchable(Buffer.from(front.log()))
  return records.flatMap((record) => {
    const exempt = exemptCanaries(record, protection)
    return record.canaries.filter((canary) => !exempt.includes(canary) && findCanary(canary, log))
  })
}
