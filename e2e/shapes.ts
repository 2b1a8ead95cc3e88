/** The corpus of statements in `shapes/`, and how a record of it is said over the protocol. Its README defines the fields. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../tools/repository.ts'
import type { Value } from './frontend.ts'

/** How the statements of a record are sent. */
export type Protocol = 'simple' | 'extended' | 'prepared-binary'

export interface ShapeRecord {
  readonly id: string
  readonly category: string
  readonly protocol: Protocol | 'copy' | 'any'
  readonly sql: string | readonly (string | Step)[]
  readonly params?: readonly Parameter[]
  readonly canaries: readonly string[]
  readonly visible?: readonly string[]
  readonly protects: readonly string[]
  readonly expect: 'rewrite' | 'pass' | 'refuse-or-rewrite'
  /** `rows`, `affected`, `ok`, or `state:` and a query that is run afterwards. */
  readonly compare?: string
  readonly order?: 'any' | 'exact'
  readonly expect_error?: string
  readonly needs?: string
}

/** What is done at once in a session: a statement, or a message or two about a named one. */
export interface Step {
  readonly sql?: string
  readonly params?: readonly Parameter[]
  readonly protocol?: Protocol
  readonly expect_error?: string
  readonly copy_in?: string
  readonly copy_fail?: string
  readonly max_rows?: number
  readonly pipeline?: boolean
  readonly prepare?: string
  readonly oids?: readonly number[]
  readonly execute?: string
  readonly close?: string
}

export type Parameter =
  | null
  | string
  | number
  | { readonly oid: number; readonly value: string | number | boolean; readonly format?: 'text' }
  | { readonly oid: number; readonly hex: string }

const folder = join(root, 'e2e/shapes')

/** A file of the corpus as text. */
export function shapeFile(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

/** Records of the corpus, and ours. */
const listed = shapeFile('postgres.jsonl') + shapeFile('postgres-additions.jsonl')

/** All records for PostgreSQL of that major version. */
export function shapeRecords(
  version: number,
  text: string = listed + shapeFile('postgres-learned.jsonl'),
): ShapeRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ShapeRecord)
    .filter(({ needs }) => needs === undefined || version >= Number(needs.replace('pg', '')))
}

/** The protocols that a record is run by. */
export function protocolsOf(record: ShapeRecord): Protocol[] {
  if (record.protocol === 'copy') return ['simple']
  return record.protocol === 'any' ? ['simple', 'extended'] : [record.protocol]
}

/** The steps of a record, with the record's own parameters and error in the place where they belong. */
export function stepsOf(record: ShapeRecord): Step[] {
  const list = typeof record.sql === 'string' ? [record.sql] : record.sql
  const steps: Step[] = list.map((step) => (typeof step === 'string' ? { sql: step } : step))
  const last = steps.at(-1)
  if (last && record.expect_error !== undefined) {
    steps[steps.length - 1] = { ...last, expect_error: record.expect_error }
  }
  if (record.params) steps[0] = { ...steps[0], params: record.params }
  return steps.map((step) => (step.sql === undefined ? step : { ...step, sql: expand(step.sql) }))
}

/** Fills in `{{repeat:TEXT:N}}`. */
function expand(text: string): string {
  return text.replace(/\{\{repeat:(.*?):(\d+)\}\}/gs, (_, part: string, count: string) =>
    part.repeat(Number(count)),
  )
}

/** The declared type of a parameter; 0 leaves it to the server. */
export function oidOf(parameter: Parameter): number {
  return parameter !== null && typeof parameter === 'object' ? parameter.oid : 0
}

/** A parameter as a value of Bind. */
export function bindValue(parameter: Parameter): Value {
  if (parameter === null) return null
  if (typeof parameter !== 'object')
    return { format: 0, bytes: Buffer.from(expand(String(parameter))) }
  if ('hex' in parameter) return { format: 1, bytes: Buffer.from(expand(parameter.hex), 'hex') }
  const { oid, value, format } = parameter
  if (format === 'text') return { format: 0, bytes: Buffer.from(expand(String(value))) }
  return { format: 1, bytes: binary(oid, value) }
}

const integerSizes: Readonly<Record<number, number>> = { 20: 8, 21: 2, 23: 4 }

function binary(oid: number, value: string | number | boolean): Buffer {
  if (oid === 16) return Buffer.of(value ? 1 : 0)
  const size = integerSizes[oid]
  if (size === undefined) return Buffer.from(expand(String(value)))
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(String(value)))
  return bytes.subarray(8 - size)
}
