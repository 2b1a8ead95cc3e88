/** The corpus, or another file of its form, run on plain tables and through acra-server on protected ones: one verdict for each record. */
import pg from 'pg'
import { differenceOf, type Observed } from './oracle.ts'
import { type Protection, plainSchema } from './protected-tables.ts'
import { errorOf, RawClient } from './raw-client.ts'
import type { Front, Lab } from './setup.ts'
import { protocolsOf, type ShapeRecord, shapeFile } from './shapes.ts'
import { type Outcome, openCopies, runRecord, type TaintOptions } from './taint.ts'

export type Result = 'rewritten' | 'passed' | 'refused' | 'leak' | 'wrong'

export interface Verdict {
  readonly id: string
  readonly category: string
  readonly expect: ShapeRecord['expect']
  readonly result: Result
  /** Why it is refused, or what is wrong with it. */
  readonly reason: string
}

/** Makes a database of that schema, with rows written through `front`: the corpus's, or others. */
export async function seed(
  lab: Lab,
  name: string,
  schema: string,
  front: Front,
  rows = shapeFile('seed-postgres.sql'),
): Promise<void> {
  await direct(lab, 'postgres', (client) => client.query(`CREATE DATABASE ${name}`))
  await direct(lab, name, (client) => client.query(schema))
  const { host, port } = front
  const client = await RawClient.connect({ host, port, user: lab.database.user, database: name })
  const later: string[] = []
  for (const statement of rows.split(/;\n/)) {
    // Where identities go on is no value, and not for every protected table may it be said through acra-server.
    if (/^ALTER TABLE/.test(statement.trim())) later.push(statement)
    else {
      const error = (await client.query(statement)).find(({ type }) => type === 'E')
      if (error) throw new Error(`seeding: ${errorOf(error).message}`)
    }
  }
  await client.close()
  await direct(lab, name, async (client) => {
    for (const statement of later) await client.query(statement)
    // Nothing that a mere read would write is left to do.
    await client.query('VACUUM (FREEZE, ANALYZE)')
    await client.query('CHECKPOINT')
  })
}

async function direct<T>(lab: Lab, name: string, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({ connectionString: lab.database.url(name) })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Runs every record by every protocol of its own, each on a fresh copy of the database `name`. */
export async function runAll(
  name: string,
  records: readonly ShapeRecord[],
  options: Omit<TaintOptions, 'copies'>,
): Promise<Outcome[]> {
  const copies = await openCopies(options.server, name)
  const outcomes: Outcome[] = []
  try {
    for (const record of records) {
      for (const protocol of protocolsOf(record))
        outcomes.push(await runRecord(record, protocol, { ...options, copies }))
    }
  } finally {
    await copies.close()
  }
  return outcomes
}

/** Runs the records both ways. */
export async function judge(
  lab: Lab,
  records: readonly ShapeRecord[],
  protection: Protection,
): Promise<Verdict[]> {
  const plainFront = await lab.front({ direct: true })
  await seed(lab, 'plain', plainSchema, plainFront)
  const front = await lab.front({
    encryptorConfig: protection.encryptorConfig,
    flags: ['-d', ...protection.flags],
  })
  await seed(lab, 'protected', protection.schema, front)
  const server = lab.database
  const [plain, outcomes] = await Promise.all([
    runAll('plain', records, { server, front: plainFront }),
    runAll('protected', records, { server, front }),
  ])
  return verdictsOf(records, plain, outcomes)
}

/** The worst that became of each record by any of its protocols. */
export function verdictsOf(
  records: readonly ShapeRecord[],
  plain: readonly Outcome[],
  outcomes: readonly Outcome[],
): Verdict[] {
  const key = ({ record, protocol }: Outcome) => `${record.id} ${protocol}`
  const known = new Map(plain.map((outcome) => [key(outcome), outcome.observed]))
  const byRecord = new Map<string, { result: Result; reason: string }[]>()
  for (const outcome of outcomes) {
    const verdict = resultOf(outcome, known.get(key(outcome)) ?? null)
    const others = byRecord.get(outcome.record.id) ?? []
    byRecord.set(outcome.record.id, [...others, verdict])
  }
  return records.map(({ id, category, expect }) => {
    const results = byRecord.get(id) ?? []
    results.sort((one, other) => GRAVITY.indexOf(one.result) - GRAVITY.indexOf(other.result))
    const [{ result, reason } = { result: 'wrong' as const, reason: 'it was not run' }] = results
    return { id, category, expect, result, reason }
  })
}

const GRAVITY: readonly Result[] = ['leak', 'wrong', 'refused', 'rewritten', 'passed']

function resultOf(outcome: Outcome, plain: Observed | null): { result: Result; reason: string } {
  const { record, faults, end, observed, refusals } = outcome
  const leaks = faults.filter((fault) => fault.startsWith('canary '))
  if (leaks.length > 0) return { result: 'leak', reason: leaks.join('; ') }
  if (faults.length > 0) return { result: 'wrong', reason: faults.join('; ') }
  if (end === 'refused') return { result: 'refused', reason: refusals[0] ?? '' }
  const difference =
    observed === null || plain === null
      ? 'the session broke'
      : differenceOf(record, plain, observed)
  if (difference !== null) return { result: 'wrong', reason: difference }
  return { result: record.expect === 'pass' ? 'passed' : 'rewritten', reason: '' }
}

export interface Summary {
  readonly total: number
  readonly rewriteTotal: number
  readonly rewriteWorking: number
  readonly passTotal: number
  readonly passWorking: number
  readonly refused: number
  readonly leak: number
  readonly wrong: number
}

export function summaryOf(verdicts: readonly Verdict[]): Summary {
  const count = (test: (verdict: Verdict) => boolean) => verdicts.filter(test).length
  const works = ({ result }: Verdict) => result === 'rewritten' || result === 'passed'
  return {
    total: verdicts.length,
    rewriteTotal: count(({ expect }) => expect === 'rewrite'),
    rewriteWorking: count((verdict) => verdict.expect === 'rewrite' && works(verdict)),
    passTotal: count(({ expect }) => expect === 'pass'),
    passWorking: count((verdict) => verdict.expect === 'pass' && works(verdict)),
    refused: count(({ result }) => result === 'refused'),
    leak: count(({ result }) => result === 'leak'),
    wrong: count(({ result }) => result === 'wrong'),
  }
}
