/** A catalog and short ways to analyse, for the tests of this folder. */
import { BufferSink } from '../../../foundation/index.ts'
import type {
  Analysis,
  Anchor,
  Catalog,
  Equality,
  KnownTable,
  OnUnprotected,
  ProtectedColumn,
  SettingText,
} from '../../analysis.ts'
import { type Edit, editText } from '../../edit.ts'
import { analyzeText } from '../analyze.ts'
import { shapeOf } from '../lex.ts'
import { loadParser } from '../parse.ts'

export interface TableSpec {
  readonly schema?: string
  readonly columns?: readonly string[]
  /** Those that are known to have fields. */
  readonly composite?: readonly string[]
  readonly protect?: readonly string[]
  /** Those of them that can be searched: by a search hash, or as they are stored. */
  readonly search?: Readonly<Record<string, Equality>>
}

export interface CatalogSpec {
  readonly tables: Readonly<Record<string, TableSpec>>
  readonly onUnprotected?: OnUnprotected
  readonly trusted?: readonly string[]
  readonly isComplete?: boolean
}

const parser = await loadParser()

/** A catalog of tables by name; `archive.users` names a table of a schema. */
export function catalogOf({
  tables,
  onUnprotected = 'refuse',
  trusted = [],
  isComplete = false,
}: CatalogSpec): Catalog {
  const known = Object.entries(tables).map(([key, spec]) => {
    const [name, schema = spec.schema ?? null] = key.split('.').reverse()
    return { schema, table: tableOf(name, spec, onUnprotected) }
  })
  const columns = known.flatMap(({ table }) => [...table.protected.values()])
  return {
    empty: columns.length === 0,
    isComplete,
    onUnprotected,
    table(schema, name) {
      const named = known.filter((entry) => entry.table.name === name)
      const exact =
        named.find((entry) => entry.schema === (schema ?? 'public')) ??
        named.find((entry) => entry.schema === null)
      return exact?.table ?? null
    },
    protectedName: (column) => columns.find((known) => known.column === column) ?? null,
    copies: (from, to) =>
      from === to || (from.equality === to.equality && from.column === to.column),
    alike: (one, other) => one.equality === other.equality && one.equality === 'prefix',
    comparable: (one, other) => one.equality !== 'none' && one.equality === other.equality,
    trusts: (schema, name) => trusted.includes(schema === null ? name : `${schema}.${name}`),
  }
}

/** Tables whose protected columns can be compared by a search hash (email, contact), as they are stored (ssn), or not at all (name). */
export function searchableCatalog(): Catalog {
  const search = { email: 'prefix', contact: 'prefix', ssn: 'whole', name: 'none' } as const
  return catalogOf({
    tables: {
      'public.users': {
        columns: ['id', 'email', 'ssn', 'name', 'nick'],
        protect: ['email', 'ssn', 'name'],
        search,
      },
      'public.orders': {
        columns: ['id', 'contact', 'email'],
        protect: ['contact', 'email'],
        search,
      },
      'public.staging': { columns: ['id', 'email', 'name'], protect: ['email', 'name'], search },
      'public.loose': { protect: ['email'], search },
      'public.plain': { columns: ['id', 'email'] },
    },
  })
}

function tableOf(
  name: string,
  { columns, composite = [], protect = [], search = {} }: TableSpec,
  onUnprotected: OnUnprotected,
): KnownTable {
  const entries = protect.map((column): [string, ProtectedColumn] => [
    column,
    { table: name, column, onUnprotected, equality: search[column] ?? 'none' },
  ])
  return {
    name,
    columns: columns ?? null,
    composite: new Set(composite),
    protected: new Map(entries),
  }
}

export function analyzeSql(sql: string | Buffer, catalog: Catalog): Analysis {
  const text = Buffer.from(sql)
  return analyzeText(parser, text, shapeOf(text), catalog)
}

/** An analysis in one line: `untouched`, `refused: message`, or slots and results. */
export function verdict(sql: string, catalog: Catalog): string {
  const analysis = analyzeSql(sql, catalog)
  if (analysis.kind === 'untouched') return 'untouched'
  if (analysis.kind === 'refused') return `refused: ${analysis.refusal.message}`
  const text = Buffer.from(sql)
  const { literals } = shapeOf(text)
  const parts: string[] = []
  for (const { column, source, isNegative } of analysis.values) {
    const value =
      'parameter' in source
        ? `$${source.parameter}`
        : `${isNegative ? '-' : ''}${text.toString('utf8', literals[source.literal].start, literals[source.literal].end)}`
    parts.push(`${column.table}.${column.column}=${value}`)
  }
  for (const { results, named, copy } of analysis.statements) {
    if (copy !== null)
      parts.push(
        `copy ${copy.direction} ${copy.kind} (${copy.columns.map((item) => (typeof item === 'string' ? item : item.column)).join(' ')})`,
      )
    if (named !== null) parts.push(`${named.action} ${named.name}`)
    if (results !== null)
      parts.push(
        `(${results.map((item) => (typeof item === 'string' ? item : item.column)).join(' ')})`,
      )
  }
  for (const { name, value } of analysis.settings)
    parts.push(`setting ${settingText(name)}=${settingText(value)}`)
  for (const passed of analysis.passed) parts.push(`passed: ${passed.message}`)
  if (analysis.makesEscapes === true) parts.push('escapes')
  if (analysis.exact) parts.push('exact')
  return parts.join(' ') || 'planned'
}

function settingText(text: SettingText | null): string {
  return text === null ? '?' : typeof text === 'string' ? text : `$${text.parameter}`
}

/** The text that would be forwarded, with `<value>`, `<forms>` or `<array>` for what is compared and `<store>` for what is stored. */
export function rewritten(sql: string, catalog: Catalog): string {
  const analysis = analyzeSql(sql, catalog)
  if (analysis.kind !== 'planned') return verdict(sql, catalog)
  const text = Buffer.from(sql)
  const { literals } = shapeOf(text)
  const place = ({ literal, offset }: Anchor) =>
    offset + (literal === -1 ? 0 : literals[literal].end)
  const edits: Edit[] = analysis.edits.map(({ start, end, text: bytes }) => ({
    start: place(start),
    end: place(end),
    bytes: Buffer.from(bytes),
  }))
  for (const { source, use, at } of analysis.values) {
    if (!('literal' in source)) continue
    const { start, end } =
      at === null ? literals[source.literal] : { start: place(at.start), end: place(at.end) }
    edits.push({
      start,
      end,
      bytes: Buffer.from(
        use.kind === 'search'
          ? `<${use.as}>`
          : use.kind === 'store' && use.isArray
            ? '<stores>'
            : '<store>',
      ),
    })
  }
  edits.sort((one, other) => one.start - other.start || one.end - other.end)
  const out = new BufferSink()
  editText(text, edits, out)
  return out.take().toString().replaceAll('pg_catalog.', '').replace(/\s+/g, ' ')
}
