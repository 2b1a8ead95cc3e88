/** Runs the records of the corpus, each on a fresh copy of the seeded tables, and says what the database got to see. */
import pg from 'pg'
import type { Postgres } from '../tools/postgres.ts'
import { findCanary, type Searchable, searchable } from './canary.ts'
import { type Observed, observe } from './oracle.ts'
import { RawClient, type ServerError } from './raw-client.ts'
import { isInStep, runSteps, type StepResult } from './session.ts'
import type { Front } from './setup.ts'
import { type Protocol, type ShapeRecord, stepsOf } from './shapes.ts'

/** The outcome of one record by one protocol. */
export interface Outcome {
  readonly record: ShapeRecord
  readonly protocol: Protocol
  /** What is wrong with it; empty where nothing is. */
  readonly faults: readonly string[]
  /** As the corpus says; refused by acra-server itself; or with another error, or none where one was expected. */
  readonly end: 'as expected' | 'refused' | 'otherwise'
  /** What the client was told; null where the session broke. */
  readonly observed: Observed | null
  /** Why acra-server has refused it; empty where it has not. */
  readonly refusals: readonly string[]
}

/** A database of the seeded tables, and copies of it for one record at a time. */
export interface Copies {
  /** The copy at this moment. */
  readonly name: string
  /** Makes the copy anew where anything was written since it was made. Resolves to whether it was. */
  renew(): Promise<boolean>
  /** Copies to come have other names: who knows this one by its name, knows tables that are not those of the template any more. */
  rename(): void
  /** The values at rest of columns given as `table.column`, one after the other; of all tables where a table is not there any more. */
  atRest(columns: readonly string[]): Promise<Buffer>
  close(): Promise<void>
}

/** Opens copies of `template`, a database that nobody is connected to. */
export async function openCopies(server: Postgres, template: string): Promise<Copies> {
  // A database is dropped one turn late: a server process that is just leaving would hold it up.
  let count = 0
  const nextName = () => `${template}_copy_${++count}`
  let name = nextName()
  let previous = nextName()
  const retired: string[] = []
  const admin = new pg.Client({ connectionString: server.url() })
  await admin.connect()
  const position = async () => {
    const { rows } = await admin.query<{ at: string }>(
      'SELECT pg_current_wal_insert_lsn()::text AS at',
    )
    return rows[0]?.at
  }
  let clean: string | undefined
  return {
    get name() {
      return name
    },
    async renew() {
      if (clean !== undefined && clean === (await position())) return false
      const last = name
      name = previous
      previous = last
      for (const old of [name, ...retired.splice(0)])
        await admin.query(`DROP DATABASE IF EXISTS ${old} WITH (FORCE)`)
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`)
      clean = await position()
      return true
    },
    rename() {
      retired.push(name, previous)
      name = nextName()
      previous = nextName()
      clean = undefined
    },
    async atRest(columns) {
      if (clean === (await position())) return Buffer.alloc(0)
      const client = new pg.Client({ connectionString: server.url(name) })
      await client.connect()
      try {
        return await valuesOf(client, columns)
      } finally {
        await client.end()
      }
    },
    close: () => admin.end(),
  }
}

async function valuesOf(client: pg.Client, columns: readonly string[]): Promise<Buffer> {
  const values: string[] = []
  for (const column of columns) {
    const [table = '', name = ''] = column.split('.').map((part) => `"${part}"`)
    const { rows } = await client.query<{ present: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped) AS present`,
      [table, column.split('.')[1]],
    )
    if (!rows[0]?.present) continue
    const cells = await client.query<{ value: string }>(
      `SELECT ${name}::text AS value FROM ${table} WHERE ${name} IS NOT NULL`,
    )
    values.push(...cells.rows.map(({ value }) => value))
  }
  return Buffer.from(values.join('\n'))
}

export interface TaintOptions {
  readonly server: Postgres
  readonly front: Front
  readonly copies: Copies
  /** Columns, as `table.column`, that the configuration leaves in the clear. */
  readonly unprotected?: ReadonlySet<string>
  /** Canaries of a record that belong to a column left in the clear. */
  readonly exempt?: (record: ShapeRecord) => readonly string[]
}

/** Runs one record by one protocol. */
export async function runRecord(
  record: ShapeRecord,
  protocol: Protocol,
  { server, front, copies, unprotected = new Set(), exempt = () => [] }: TaintOptions,
): Promise<Outcome> {
  await copies.renew()
  front.tap.take()
  const client = await RawClient.connect({
    host: front.host,
    port: front.port,
    user: server.user,
    database: copies.name,
  })
  let results: StepResult[]
  let inStep: boolean
  let observed: Observed
  try {
    results = await runSteps(client, stepsOf(record), protocol)
    inStep = await isInStep(client)
    observed = await observe(client, record, results)
  } catch (error) {
    if (changesSchema(record)) copies.rename()
    const faults = [(error as Error).message]
    return { record, protocol, faults, end: 'otherwise', observed: null, refusals: [] }
  } finally {
    await client.close()
  }
  const rest = searchable(
    await copies.atRest(record.protects.filter((column) => !unprotected.has(column))),
  )
  if (changesSchema(record)) copies.rename()

  const { toDatabase, toClient } = front.tap.take()
  const errors = results.flatMap(({ error }) => (error ? [error] : []))
  const own = errors.filter((error) => !toClient.includes(error.raw))
  const spared = exempt(record)
  const canaries = record.canaries.filter((canary) => !spared.includes(canary))
  const wire = searchable(toDatabase)
  const faults = [
    ...leaks('on the wire', canaries, wire),
    ...leaks('at rest', canaries, rest),
    ...(own.length === 0 ? missing(record, wire) : []),
    ...own.flatMap(unexplained),
    ...(inStep ? [] : ['the session is out of step afterwards']),
  ]
  const isForeseen = own.every((error) =>
    results.some((result) => result.error === error && result.step.expect_error !== undefined),
  )
  const end =
    own.length > 0 && !isForeseen
      ? 'refused'
      : hasUnexpectedError(results)
        ? 'otherwise'
        : 'as expected'
  const refusals = own.map(({ message }) => message)
  return { record, protocol, faults, end, observed, refusals }
}

/** True where a statement of the record may change what relations there are. */
function changesSchema(record: ShapeRecord): boolean {
  return stepsOf(record).some(({ sql = '' }) => /\b(?:create|alter|drop|into|import)\b/i.test(sql))
}

function leaks(where: string, canaries: readonly string[], bytes: Searchable): string[] {
  return canaries.flatMap((canary) => {
    const form = findCanary(canary, bytes)
    return form ? [`canary ${JSON.stringify(canary)} ${where} as ${form}`] : []
  })
}

/** What belongs to an unprotected column must be there as it is. */
function missing({ visible = [] }: ShapeRecord, wire: Searchable): string[] {
  return visible
    .filter((text) => findCanary(text, wire) === null)
    .map((text) => `${JSON.stringify(text)} is not on the wire, though its column is not protected`)
}

/** Not supported; does not parse; a type that cannot be protected; a prepared statement that is not known; a value that is none of its type, in text or in hex, too large for it, or no text; a row of COPY that is none. */
const refusalCodes: readonly string[] = [
  '0A000',
  '42601',
  '42804',
  '26000',
  '22P02',
  '22023',
  '22P04',
  '22003',
  '22021',
]

/** A refusal says why, by a code of its own, and what to do. */
function unexplained({ code, message, hint }: ServerError): string[] {
  if (refusalCodes.includes(code) && message !== '' && hint !== '') return []
  return [`a refusal without its reason: ${JSON.stringify({ code, message, hint })}`]
}

function hasUnexpectedError(results: readonly StepResult[]): boolean {
  return results.some(({ step, error }) => {
    const expected = step.expect_error
    if (expected === undefined) return error !== null
    return error === null || (expected !== 'any' && expected !== error.code)
  })
}

/** How many outcomes of each kind there are, a line for each expectation of the corpus. */
export function summary(outcomes: readonly Outcome[]): string[] {
  return (['rewrite', 'pass', 'refuse-or-rewrite'] as const).map((expect) => {
    const own = outcomes.filter(({ record }) => record.expect === expect)
    const count = (end: Outcome['end']) => own.filter((outcome) => outcome.end === end).length
    const faulty = own.filter(({ faults }) => faults.length > 0).length
    return `expect ${expect}: ${own.length} runs, ${count('as expected')} as expected, ${count('refused')} refused, ${count('otherwise')} ended otherwise, ${faulty} with a fault`
  })
}
