/** The corpus of e2e/shapes, without a database: no canary may be left in a text or parameter that would be forwarded. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { Analysis, Anchor } from '../analysis.ts'
import { shapeOf } from './lex.ts'
import { analyzeSql, catalogOf, type TableSpec } from './testing/index.ts'

const FOLDER = new URL('../../../../../e2e/shapes/', import.meta.url)

interface Step {
  readonly sql?: string
  readonly params?: readonly unknown[]
  readonly copy_in?: string
  readonly prepare?: string
  readonly execute?: string
}

interface Shape {
  readonly id: string
  readonly sql: string | readonly (string | Step)[]
  readonly params?: readonly unknown[]
  readonly canaries: readonly string[]
  readonly visible?: readonly string[]
  readonly expect: 'rewrite' | 'pass' | 'refuse-or-rewrite'
  readonly at_rest_only?: boolean
}

interface ConfigTable {
  readonly table: string
  readonly schema: string
  readonly columns: readonly string[]
  readonly encrypted: readonly { readonly column: string }[]
}

/** Not protected, and named to say so. */
const KNOWN: Readonly<Record<string, TableSpec>> = {
  'public.import_raw': { columns: ['id', 'email', 'full_name', 'ssn', 'age', 'nick'] },
  'public.audit_log': { columns: ['id', 'who', 'what'] },
  'archive.users': { columns: ['id', 'email', 'full_name', 'nick'] },
}

const config = parse(readFileSync(new URL('encryptor_config-postgres.yaml', FOLDER), 'utf8')) as {
  schemas: ConfigTable[]
}
const protectedTables = config.schemas.map(
  ({ table, schema, columns, encrypted }): [string, TableSpec] => [
    `${schema}.${table}`,
    { columns, protect: encrypted.map(({ column }) => column) },
  ],
)
const catalog = catalogOf({ tables: { ...Object.fromEntries(protectedTables), ...KNOWN } })

const shapes = readFileSync(new URL('postgres.jsonl', FOLDER), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Shape)

/** What `visible` cannot be kept for, and why. */
const OVERPROTECTED = new Map([
  [
    'pg-same-name-04',
    'an unqualified name is that of the configuration, whatever search_path says: archive.users gets ciphertext',
  ],
  ['pg-same-name-07', 'the same'],
])

/** What of a shape would reach the database. */
interface Forwarded {
  readonly texts: readonly string[]
  readonly refused: boolean
}

function forward(shape: Shape): Forwarded {
  const steps =
    typeof shape.sql === 'string' ? [{ sql: shape.sql, params: shape.params ?? [] }] : shape.sql
  const texts: string[] = []
  const prepared = new Map<string, Analysis>()
  let refused = false
  for (const entry of steps) {
    const step: Step = typeof entry === 'string' ? { sql: entry } : entry
    const sql = expand(step.sql ?? '')
    const analysis =
      step.execute === undefined ? analyzeSql(sql, catalog) : prepared.get(step.execute)
    // A Bind to a statement that was not let through is the conversation's to refuse.
    if (analysis === undefined) continue
    if (step.prepare !== undefined && !prepared.has(step.prepare))
      prepared.set(step.prepare, analysis)
    if (analysis.kind === 'refused') {
      refused = true
      continue
    }
    texts.push(
      isExecuted(analysis) ? '' : edited(sql, analysis),
      ...unprotectedParameters(step.params ?? [], analysis),
      isCopied(analysis) ? '' : (step.copy_in ?? ''),
    )
  }
  return { texts, refused }
}

/** Rows that are taken apart by the analysis: e2e/taint.test.ts sees what becomes of them. */
function isCopied(analysis: Analysis): boolean {
  return analysis.kind === 'planned' && analysis.statements.some(({ copy }) => copy !== null)
}

/** What the values of EXECUTE are for is known to the conversation only. */
function isExecuted(analysis: Analysis): boolean {
  return (
    analysis.kind === 'planned' &&
    analysis.statements.some(({ named }) => named?.action === 'execute')
  )
}

function expand(text: string): string {
  return text.replace(/\{\{repeat:(.*?):(\d+)\}\}/g, (_all, unit: string, times) =>
    unit.repeat(Math.min(Number(times), 1000)),
  )
}

function edited(sql: string, analysis: Analysis): string {
  if (analysis.kind !== 'planned') return sql
  const text = Buffer.from(sql)
  const { literals } = shapeOf(text)
  let out = ''
  let at = 0
  const place = ({ literal, offset }: Anchor) =>
    offset + (literal === -1 ? 0 : literals[literal].end)
  for (const { source, at: span } of analysis.values) {
    if (!('literal' in source)) continue
    const { start, end } =
      span === null ? literals[source.literal] : { start: place(span.start), end: place(span.end) }
    out += `${text.toString('utf8', at, start)}'cell'`
    at = end
  }
  return out + text.toString('utf8', at)
}

function unprotectedParameters(params: readonly unknown[], analysis: Analysis): string[] {
  const slots =
    analysis.kind === 'planned'
      ? analysis.values.map(({ source }) => ('parameter' in source ? source.parameter : 0))
      : []
  return params.filter((_value, index) => !slots.includes(index + 1)).map(parameterText)
}

function parameterText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { hex, value: text } = value as { hex?: string; value?: unknown }
  return hex === undefined
    ? String(text)
    : `${expand(hex)} ${Buffer.from(expand(hex), 'hex').toString('latin1')}`
}

/** In UTF-8, in hex, in base64, with quotes and backslashes doubled. */
function holds(text: string, canary: string): boolean {
  const forms = [
    canary,
    Buffer.from(canary).toString('hex'),
    canary.replaceAll("'", "''"),
    canary.replaceAll('\\', '\\\\'),
  ]
  const base64 = [0, 1, 2]
    .map((shift) =>
      Buffer.from(`${' '.repeat(shift)}${canary}`)
        .toString('base64')
        .slice(4, -4),
    )
    .filter((form) => form.length > 6)
  return [...forms, ...base64].some((form) => text.toLowerCase().includes(form.toLowerCase()))
}

const counts: Record<string, number> = {}

for (const shape of shapes) {
  test(`${shape.id} forwards nothing that is protected`, () => {
    const { texts, refused } = forward(shape)
    counts[`${shape.expect}: ${refused ? 'refused' : 'forwarded'}`] =
      (counts[`${shape.expect}: ${refused ? 'refused' : 'forwarded'}`] ?? 0) + 1
    for (const canary of shape.at_rest_only === true ? [] : shape.canaries) {
      for (const text of texts) assert.ok(!holds(text, canary), `${canary} in ${text}`)
    }
    if (shape.at_rest_only === true)
      assert.ok(refused, 'plaintext would be copied into a protected column')
    if (shape.expect === 'pass') assert.ok(!refused, 'too strict')
    if (refused || OVERPROTECTED.has(shape.id)) return
    for (const visible of shape.visible ?? [])
      assert.ok(
        texts.some((text) => text.includes(visible)),
        `${visible} is gone`,
      )
  })
}

test('so many statements of each kind work', (t) => {
  for (const [kind, count] of Object.entries(counts).sort()) t.diagnostic(`${kind}: ${count}`)
  for (const [id, reason] of OVERPROTECTED) t.diagnostic(`${id}: ${reason}`)
  assert.deepEqual(counts, {
    'pass: forwarded': 62,
    'refuse-or-rewrite: forwarded': 32,
    'refuse-or-rewrite: refused': 155,
    'rewrite: forwarded': 138,
    'rewrite: refused': 89,
  })
})
