import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { findCanary, searchable } from './canary.ts'
import {
  bytesOnly,
  everythingButTokens,
  exemptCanaries,
  type Protection,
} from './protected-tables.ts'
import { errorOf, RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { protocolsOf, shapeFile, shapeRecords } from './shapes.ts'
import { type Outcome, openCopies, runRecord, summary, type TaintOptions } from './taint.ts'

const records = shapeRecords(18)

let lab: Lab
before(async () => {
  lab = await startLab({ auth: 'trust', inMemory: true })
})
after(() => lab.stop())

/** Makes a database of that schema, with the corpus's rows written through `front`. */
async function seed(name: string, schema: string, front: Front): Promise<void> {
  const { database } = lab
  await direct('postgres', (client) => client.query(`CREATE DATABASE ${name}`))
  await direct(name, (client) => client.query(schema))
  const client = await RawClient.connect({
    host: front.host,
    port: front.port,
    user: database.user,
    database: name,
  })
  const later: string[] = []
  for (const statement of shapeFile('seed-postgres.sql').split(/;\n/)) {
    // Where identities go on is no value, and not for every protected table may it be said through acra-server.
    if (/^ALTER TABLE/.test(statement.trim())) later.push(statement)
    else {
      const error = (await client.query(statement)).find(({ type }) => type === 'E')
      if (error) throw new Error(`seeding: ${errorOf(error).message}`)
    }
  }
  await client.close()
  await direct(name, async (client) => {
    for (const statement of later) await client.query(statement)
    // Nothing that a mere read would write is left to do.
    await client.query('VACUUM (FREEZE, ANALYZE)')
    await client.query('CHECKPOINT')
  })
}

async function direct<T>(name: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: lab.database.url(name) })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function runAll(options: TaintOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const record of records) {
    for (const protocol of protocolsOf(record)) {
      outcomes.push(await runRecord(record, protocol, options))
    }
  }
  return outcomes
}

/** Faults that are known, by record: what is said of them, and why. */
const known: Readonly<Record<string, { readonly fault: RegExp; readonly reason: string }>> = {
  'pg-prepare-protocol-11': {
    fault: /"ann\.marsh" on the wire/,
    reason:
      'its first Parse is refused, so the name is free and the second takes it: the value is one for users.nick',
  },
  'pg-same-name-04': {
    fault: /"heron06801k" is not on the wire/,
    reason:
      'search_path is not followed: a short name means the table in public, and is protected as that',
  },
  'pg-same-name-07': {
    fault: /"heron06831k" is not on the wire/,
    reason:
      'search_path is not followed: a short name means the table in public, and is protected as that',
  },
}

function faultsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ record, protocol, faults }) =>
    faults.map((fault) => `${record.id} by ${protocol}: ${fault}`),
  )
}

test('without acra-server every record is caught, and succeeds as the corpus says', async (t) => {
  const front = await lab.front({ direct: true })
  await seed('plain', shapeFile('schema-postgres-plaintext.sql'), front)
  const copies = await openCopies(lab.database, 'plain')
  const outcomes = await runAll({ server: lab.database, front, copies })
  await copies.close()
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

for (const protection of [bytesOnly(), everythingButTokens()]) {
  test(`no canary reaches the database: ${protection.name}`, async (t) => {
    const front = await lab.front({ encryptorConfig: protection.encryptorConfig, flags: ['-d'] })
    const name = protection.name.replaceAll(' ', '_')
    await seed(name, protection.schema, front)
    const copies = await openCopies(lab.database, name)
    const exempt = (record: (typeof records)[number]) => exemptCanaries(record, protection)
    const outcomes = await runAll({
      server: lab.database,
      front,
      copies,
      unprotected: protection.leftOut,
      exempt,
    })
    await copies.close()

    for (const line of summary(outcomes)) t.diagnostic(line)
    for (const [id, { reason }] of Object.entries(known)) t.diagnostic(`known: ${id}: ${reason}`)
    const exempted = records.flatMap(exempt).length
    t.diagnostic(`${exempted} canaries exempt: ${[...protection.leftOut].join(', ') || 'none'}`)
    assert.deepEqual(faultsOf(outcomes.map(withoutKnownFaults)), [])
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
