/** One statement of a run: what is sent, by which protocol, and what it is expected to do. */
import type { Parameter, Protocol, Step } from '../shapes.ts'
import { change } from './changes.ts'
import type { Choices } from './choices.ts'
import { computedSearch } from './computed-values.ts'
import { Draft } from './draft.ts'
import { condition, isComparable, isPlain, produce } from './expressions.ts'
import { query } from './queries.ts'
import { type Change, relationOf } from './relations.ts'
import { sameNames } from './same-names.ts'
import { quote } from './spellings.ts'
import { type Column, type Table, tableOf, tables } from './tables.ts'
import { numbered } from './values.ts'

export interface Statement {
  readonly steps: readonly Step[]
  readonly protocol: Protocol
  /** A query for the rows of the table that it changes; null where it changes none. */
  readonly state: string | null
  readonly productions: ReadonlySet<string>
  /** Productions of it that may be refused. */
  readonly daring: ReadonlySet<string>
  readonly canaries: readonly string[]
  readonly isProtected: boolean
  /** It would move plain values into a protected column within the database. */
  readonly mustBeRefused: boolean
}

/** The statement that the choices make; what it names in its session has the number `serial` in its name. */
export function statementOf(choices: Choices, serial: number): Statement {
  const protocol = choices.weigh<Protocol>([
    [5, 'simple'],
    [3, 'extended'],
    [2, 'prepared-binary'],
  ])
  const draft = new Draft(choices, protocol, serial, (own, wish) => query(own, 0, wish).sql)
  draft.use(protocol)
  const { steps, table } = written(draft)
  return {
    steps,
    protocol,
    state: table ? `SELECT * FROM ${table.name}` : null,
    productions: new Set(draft.productions),
    daring: new Set(draft.daring),
    canaries: [...new Set(draft.canaries)],
    isProtected: draft.isProtected || table?.isProtected === true,
    mustBeRefused: draft.mustBeRefused,
  }
}

interface Written {
  readonly steps: readonly Step[]
  readonly table: Table | null
}

function written(draft: Draft): Written {
  const isSimple = draft.protocol === 'simple'
  return produce(draft, [
    [10, 'a query', () => step(draft, query(draft, 2).sql, null)],
    [
      8,
      'a change',
      () => {
        const { sql, table } = change(draft)
        return step(draft, sql, table)
      },
    ],
    [isSimple ? 2 : 0, 'several statements', () => several(draft)],
    [isSimple ? 2 : 0, 'PREPARE and EXECUTE', () => prepared(draft)],
    [isSimple ? 1 : 0, 'a cursor', () => cursor(draft)],
    [isSimple ? 2 : 0, 'COPY', () => copy(draft)],
    [
      isSimple ? 1 : 0,
      'EXPLAIN',
      () => {
        const { sql } = query(draft, 1)
        return { steps: [{ sql: `EXPLAIN (COSTS OFF) ${sql}` }], table: null }
      },
    ],
    [isSimple ? 0 : 2, 'a named statement', () => named(draft)],
    [
      isSimple ? 0 : 1,
      'rows in parts',
      () => {
        const { sql } = query(draft, 1)
        return { steps: [{ sql, params: [...draft.parameters], max_rows: 2 }], table: null }
      },
    ],
    [1, 'daring', () => step(draft, daring(draft), null)],
    [1, 'a search for a computed value', () => step(draft, computedSearch(draft), null)],
    [1, 'names that mean something else', () => step(draft, sameNames(draft), null)],
  ])
}

function step({ parameters }: Draft, sql: string, table: Table | null): Written {
  return { steps: [{ sql, ...(parameters.length > 0 ? { params: parameters } : {}) }], table }
}

function several(draft: Draft): Written {
  const changes: Change[] = [change(draft), ...(draft.choices.chance(30) ? [change(draft)] : [])]
  const queries = [query(draft, 1).sql, ...(draft.choices.chance(30) ? ['SELECT 1'] : [])]
  return {
    steps: [{ sql: [...changes.map(({ sql }) => sql), ...queries].join('; ') }],
    table: changes[0]?.table ?? null,
  }
}

function prepared(draft: Draft): Written {
  const name = `p${draft.serial}`
  const table = draft.choices.pick(tables)
  const relation = relationOf(table)
  const column = draft.column([relation], () => true)?.column
  const key = table.columns.find((one) => one.name === table.key[0])
  if (!column || !key) throw new Error('every table has columns')
  const values = { key: draft.soughtValue(key), column: draft.freshValue(column) }
  const end = { sql: `DEALLOCATE ${name}` }
  return produce<Written>(draft, [
    [
      2,
      'PREPARE of a search',
      () => {
        const sought = isComparable(column) ? `${column.name} = $1` : `${key.name} = $1`
        const value = isComparable(column) ? values.column : values.key
        return {
          steps: [
            { sql: `PREPARE ${name} AS SELECT * FROM ${table.name} WHERE ${sought}` },
            { sql: `EXECUTE ${name}(${value})` },
            end,
          ],
          table: null,
        }
      },
    ],
    [
      2,
      'PREPARE of an UPDATE',
      () => {
        if (table.key.includes(column.name)) return null
        return {
          steps: [
            {
              sql: `PREPARE ${name} AS UPDATE ${table.name} SET ${column.name} = $1 WHERE ${key.name} = $2`,
            },
            { sql: `EXECUTE ${name}(${values.column}, ${values.key})` },
            end,
          ],
          table,
        }
      },
    ],
    [
      1,
      'PREPARE without parameters',
      () => ({
        steps: [
          { sql: `PREPARE ${name} AS ${query(draft, 1).sql}` },
          { sql: `EXECUTE ${name}` },
          end,
        ],
        table: null,
      }),
    ],
  ])
}

function cursor(draft: Draft): Written {
  const name = `c${draft.serial}`
  const { sql } = query(draft, 1)
  return {
    steps: [
      { sql: `DECLARE ${name} CURSOR FOR ${sql}` },
      { sql: `FETCH 1 FROM ${name}` },
      { sql: `FETCH ALL FROM ${name}` },
      { sql: `CLOSE ${name}` },
    ],
    table: null,
  }
}

function copy(draft: Draft): Written {
  const table = draft.choices.pick(tables)
  const relation = relationOf(table)
  return produce<Written>(draft, [
    [
      2,
      'COPY TO',
      () => {
        draft.isProtected ||= table.isProtected
        const form = draft.choices.pick(['', ' WITH (FORMAT csv)', ' WITH (FORMAT csv, HEADER)'])
        return { steps: [{ sql: `COPY ${table.name} TO STDOUT${form}` }], table: null }
      },
    ],
    [
      1,
      'COPY of a query',
      () => {
        const column = draft.column([relation], () => true)?.sql ?? '1'
        const where = condition(draft, [relation], 0)
        return {
          steps: [{ sql: `COPY (SELECT ${column} FROM ${table.name} WHERE ${where}) TO STDOUT` }],
          table: null,
        }
      },
    ],
    [3, 'COPY FROM', () => copyIn(draft, table)],
  ])
}

function copyIn(draft: Draft, table: Table): Written {
  const { choices } = draft
  const isCsv = choices.chance(40)
  draft.use(isCsv ? 'COPY FROM csv' : 'COPY FROM text')
  const columns = table.columns.filter(
    (column) =>
      table.key.includes(column.name) ||
      (!column.nullable && !column.hasDefault) ||
      choices.chance(40),
  )
  const field = (column: Column, row: number): string => {
    const isKey = table.key.includes(column.name)
    if (!isKey && column.nullable && choices.chance(15)) return isCsv ? '' : '\\N'
    const number = isKey ? 60 + row * 12 : 10 + choices.below(200)
    const { text, bytes } = numbered(column, number)
    if (!isPlain(column)) draft.canaries.push(bytes ? bytes.toString('hex') : text)
    return isCsv ? csv(text) : copyText(text)
  }
  const rows = Array.from({ length: 1 + choices.below(3) }, (_, row) =>
    columns.map((column) => field(column, row)).join(isCsv ? ',' : '\t'),
  )
  const names = columns.map(({ name }) => name).join(', ')
  const sql = `COPY ${table.name} (${names}) FROM STDIN${isCsv ? ' WITH (FORMAT csv)' : ''}`
  return { steps: [{ sql, copy_in: `${rows.join('\n')}\n` }], table }
}

function csv(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

function copyText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n')
}

/** A statement of the protocol that is prepared once and executed twice. */
function named(draft: Draft): Written {
  const name = `s${draft.serial}`
  const isQuery = draft.choices.chance(60)
  const changed = isQuery ? null : change(draft)
  const sql = changed?.sql ?? query(draft, 1).sql
  const params: Parameter[] = [...draft.parameters]
  const oids = params.map((parameter) =>
    parameter !== null && typeof parameter === 'object' ? parameter.oid : 0,
  )
  const execute = { execute: name, params }
  return {
    steps: [{ prepare: name, sql, oids }, execute, ...(isQuery ? [execute] : []), { close: name }],
    table: changed?.table ?? null,
  }
}

/** What works on ciphertext as on nothing else, and is refused unless acra-server can do it itself. */
function daring(draft: Draft): string {
  const table = draft.choices.pick([tableOf('users'), tableOf('patients'), tableOf('payments')])
  const found = draft.column(
    [relationOf(table)],
    (one) => one.guard !== 'none' && one.type === 'text',
  )
  const numeric = draft.column(
    [relationOf(table)],
    (one) => one.guard !== 'none' && /int/.test(one.type),
  )
  if (!found || !numeric) throw new Error('these tables have protected columns of each kind')
  const { sql, column } = found
  const value = () => draft.withoutParameters(() => quote(draft.soughtText(column)))
  const [name, text] = draft.choices.pick<readonly [string, () => string]>([
    ['function', () => `SELECT lower(${sql}) FROM ${table.name}`],
    ['concatenation', () => `SELECT ${sql} || 'x' FROM ${table.name}`],
    ['LIKE', () => `SELECT id FROM ${table.name} WHERE ${sql} LIKE ${value()}`],
    ['order', () => `SELECT id FROM ${table.name} ORDER BY ${sql}, id`],
    ['min', () => `SELECT min(${sql}) FROM ${table.name}`],
    ['sum', () => `SELECT sum(${numeric.sql}) FROM ${table.name}`],
    ['less than', () => `SELECT id FROM ${table.name} WHERE ${sql} < ${value()}`],
    ['COALESCE', () => `SELECT COALESCE(${sql}, ${value()}) FROM ${table.name}`],
    ['array', () => `SELECT ARRAY[${sql}] FROM ${table.name}`],
    ['whole row', () => `SELECT ${table.name} FROM ${table.name}`],
    ['cast', () => `SELECT ${sql}::varchar FROM ${table.name}`],
    ['CREATE TABLE AS', () => `CREATE TABLE copied AS SELECT ${sql} FROM ${table.name}`],
    [
      'DO',
      () =>
        `DO $x$ BEGIN UPDATE ${table.name} SET ${column.name} = ${value()} WHERE id = 1; END $x$`,
    ],
    [
      'comparison of what is encrypted',
      () => `SELECT id FROM ${table.name} WHERE ${sql} = ${value()}`,
    ],
    [
      'IN subquery',
      () =>
        `SELECT id FROM ${table.name} WHERE ${sql} IN (SELECT ${sql} FROM ${table.name} WHERE id < 3)`,
    ],
    ['value in a function', () => `SELECT id FROM ${table.name} WHERE ${sql} = lower(${value()})`],
    [
      'UNION',
      () => `SELECT ${sql} FROM ${table.name} UNION SELECT ${sql} FROM ${table.name} WHERE id < 3`,
    ],
    [
      'strings that a comment parts',
      () => `SELECT id FROM ${table.name} WHERE ${sql} = '' -- and\n ${value()}`,
    ],
    ['nonsense', () => `SELECT ${value()} FROM WHERE ${sql}`],
  ])
  draft.dare(`daring: ${name}`)
  return text()
}
