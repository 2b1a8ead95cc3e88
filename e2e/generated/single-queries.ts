/** Queries of one table that show one thing each: windows, DISTINCT ON, WITH RECURSIVE, VALUES. */
import type { Draft } from './draft.ts'
import { condition, isComparable, isPlain, produce } from './expressions.ts'
import { plainColumn, type Query, relationOf } from './relations.ts'
import { tableOf, tables } from './tables.ts'

export function groupedByProtected(draft: Draft): Query | null {
  const relation = relationOf(draft.choices.pick(tables), draft.name('t'))
  const found = draft.column([relation], isComparable)
  if (!found) return null
  draft.dare('GROUP BY a protected column')
  const from = `${relation.table?.name} AS ${relation.alias}`
  const count = plainColumn('n', 'bigint')
  const shown = { ...found.column, name: 'v' }
  return draft.choices.weigh<() => Query>([
    [
      1,
      () => ({
        sql: `SELECT ${found.sql} AS v, count(*) AS n FROM ${from} GROUP BY ${found.sql}`,
        columns: [shown, count],
      }),
    ],
    [1, () => ({ sql: `SELECT DISTINCT ${found.sql} AS v FROM ${from}`, columns: [shown] })],
    [1, () => ({ sql: `SELECT count(DISTINCT ${found.sql}) AS n FROM ${from}`, columns: [count] })],
  ])()
}

export function recursive(draft: Draft): Query {
  const name = draft.name('r')
  const table = relationOf(tableOf('users'), 'u')
  const found = draft.column([table], (one) => !isPlain(one))
  const shown = found?.column ?? plainColumn('email', 'text')
  const sql = `WITH RECURSIVE ${name} (id, v) AS (SELECT u.id, u.${shown.name} FROM users u WHERE u.id = 1 UNION ALL SELECT u.id, u.${shown.name} FROM users u JOIN ${name} ON u.id = ${name}.id + 1) SELECT id AS id, v AS v FROM ${name}`
  return { sql, columns: [plainColumn('id', 'integer'), { ...shown, name: 'v' }] }
}

/** Common tables that are each made of the one before twice: their rows or their columns double. */
export function doubled(draft: Draft): Query | null {
  const { choices } = draft
  const table = relationOf(tableOf('users'), 'u')
  const found = draft.column([table], (one) => !isPlain(one))
  if (!found) return null
  const name = draft.name('w')
  const levels = 1 + choices.below(4)
  const areRows = choices.chance(50)
  const next = (level: number) =>
    areRows
      ? `SELECT * FROM ${name}${level} UNION ALL SELECT * FROM ${name}${level}`
      : `SELECT * FROM ${name}${level} x, ${name}${level} y`
  const tables = Array.from(
    { length: levels },
    (_, level) => `, ${name}${level + 1} AS (${next(level)})`,
  )
  const shown = { ...found.column, name: 'v' }
  // Columns double by a product: of one row it is one row.
  const rows = areRows ? '' : ' ORDER BY u.id LIMIT 1'
  return {
    sql: `WITH ${name}0 AS (SELECT u.${found.column.name} AS v FROM users u${rows})${tables.join('')} SELECT * FROM ${name}${levels}`,
    columns: Array.from({ length: areRows ? 1 : 2 ** levels }, () => shown),
  }
}

export function protectedUnion(draft: Draft): Query | null {
  const relation = relationOf(draft.choices.pick(tables))
  const found = draft.column([relation], (one) => !isPlain(one))
  if (!found) return null
  const part = () =>
    `SELECT ${found.column.name} AS v FROM ${relation.alias} WHERE ${condition(draft, [relation], 0)}`
  return { sql: `${part()} UNION ALL ${part()}`, columns: [{ ...found.column, name: 'v' }] }
}

export function values(draft: Draft): Query {
  const rows = Array.from({ length: 1 + draft.choices.below(3) }, (_, i) => `(${i}, 'plover${i}')`)
  return {
    sql: `VALUES ${rows.join(', ')}`,
    columns: [plainColumn('column1', 'integer'), plainColumn('column2', 'text')],
  }
}

export function windowed(draft: Draft): Query {
  const table = draft.choices.pick(['users', 'orders', 'patients'])
  const relation = relationOf(tableOf(table))
  const value =
    draft.column([relation], (one) => isPlain(one) && one.type === 'integer')?.sql ?? '1'
  const shown = draft.column([relation], (one) => !isPlain(one))
  const over = produce(draft, [
    [3, 'OVER (ORDER BY)', () => '(ORDER BY id)'],
    [1, 'PARTITION BY', () => `(PARTITION BY ${value} ORDER BY id)`],
    [1, 'frame', () => '(ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)'],
    [1, 'named window', () => 'win'],
  ])
  const call = produce(draft, [
    [2, 'row_number', () => 'row_number()'],
    [1, 'rank', () => 'rank()'],
    [1, 'sum over', () => `sum(${value})`],
    [1, 'lag', () => `lag(${value}, 1)`],
    [1, 'first_value', () => `first_value(${value})`],
  ])
  const end = over === 'win' ? ' WINDOW win AS (ORDER BY id)' : ''
  const item = shown ? `${shown.column.name} AS v, ` : ''
  return {
    sql: `SELECT ${item}${call} OVER ${over} AS n FROM ${table}${end}`,
    columns: [...(shown ? [{ ...shown.column, name: 'v' }] : []), plainColumn('n', 'bigint')],
  }
}

export function distinctOn(draft: Draft): Query {
  const table = tableOf(draft.choices.pick(['users', 'orders', 'patients']))
  const relation = relationOf(table)
  const key =
    draft.column([relation], (one) => isPlain(one) && one.type !== 'jsonb')?.column.name ?? 'id'
  const shown = draft.column([relation], (one) => !isPlain(one))
  const item = shown ? `, ${shown.column.name} AS v` : ''
  return {
    sql: `SELECT DISTINCT ON (${key}) id AS id${item} FROM ${table.name} ORDER BY ${key}, id`,
    columns: [plainColumn('id', 'integer'), ...(shown ? [{ ...shown.column, name: 'v' }] : [])],
  }
}
