/** INSERT, UPDATE, DELETE and MERGE. */
import { computed, insertSelect } from './computed-values.ts'
import type { Draft } from './draft.ts'
import { condition, isPlain, number, plainText, produce } from './expressions.ts'
import { query } from './queries.ts'
import { type Change, type Relation, refer, relationOf } from './relations.ts'
import { type Column, columnOf, type Table, tableOf, tables } from './tables.ts'

/** Keys of rows that are not there before; no two of a statement are the same. */
const firstFreeKey = 60

export function change(draft: Draft): Change {
  return produce(draft, [
    [5, 'INSERT', () => insert(draft)],
    [3, 'ON CONFLICT', () => upsert(draft)],
    [5, 'UPDATE', () => update(draft)],
    [1, 'UPDATE FROM', () => updateFrom(draft)],
    [2, 'DELETE', () => remove(draft)],
    [1, 'DELETE USING', () => removeUsing(draft)],
    [2, 'MERGE', () => merge(draft)],
    [1, 'INSERT SELECT', () => insertSelect(draft)],
    [1, 'WITH in front of a change', () => withChange(draft)],
    [1, 'a value that is computed', () => computed(draft)],
  ])
}

function keyValue(draft: Draft, column: Column, row: number): string {
  return draft.spell(column, firstFreeKey + row * 12)
}

/** One value for each column, by a production of its own. */
function cell(draft: Draft, table: Table, column: Column, row: number): string {
  if (table.key.includes(column.name)) return keyValue(draft, column, row)
  const { choices } = draft
  if (column.nullable && choices.chance(12)) return 'NULL'
  if (column.hasDefault && choices.chance(15)) return 'DEFAULT'
  return draft.freshValue(column)
}

/** The columns that a new row is given: all that must be, and some more. */
function givenColumns(draft: Draft, table: Table): Column[] {
  const isNeeded = (column: Column) =>
    table.key.includes(column.name) || (!column.nullable && !column.hasDefault)
  const more = draft.choices.some(
    table.columns.filter((column) => !isNeeded(column)),
    draft.choices.below(5),
  )
  return table.columns.filter((column) => isNeeded(column) || more.includes(column))
}

function names(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ')
}

/** `table (columns) VALUES ...`, or without the list of columns. */
function rowsFor(draft: Draft, table: Table): string {
  const { choices } = draft
  const isWhole = choices.chance(15)
  const columns = isWhole ? table.columns : givenColumns(draft, table)
  if (isWhole) draft.use('INSERT without columns')
  const count = choices.weigh([
    [4, 1],
    [2, 2],
    [1, 4],
  ])
  if (count > 1) draft.use('INSERT of several rows')
  const rows = Array.from(
    { length: count },
    (_, row) => `(${columns.map((column) => cell(draft, table, column, row)).join(', ')})`,
  )
  return `${isWhole ? '' : `(${names(columns)}) `}VALUES ${rows.join(', ')}`
}

function insert(draft: Draft): Change {
  const table = draft.choices.pick(tables)
  const alias = draft.choices.chance(20) ? draft.name('n') : null
  const target = alias ? `${table.name} AS ${alias}` : table.name
  const end = returning(draft, relationOf(table, alias ?? table.name))
  return { sql: `INSERT INTO ${target} ${rowsFor(draft, table)}${end}`, table }
}

function upsert(draft: Draft): Change {
  const table = draft.choices.pick(tables)
  const { choices } = draft
  const key = table.columns.filter(({ name }) => table.key.includes(name))
  const settable = table.columns.filter(({ name }) => !table.key.includes(name))
  const isThere = choices.chance(60)
  const needed = givenColumns(draft, table)
  const row = needed.map((column) =>
    key.includes(column) && isThere
      ? draft.spell(column, 1 + choices.below(6))
      : cell(draft, table, column, 0),
  )
  const given = settable.filter((column) => needed.includes(column))
  const set = () => {
    const excluded = given.length > 0 ? choices.some(given, 2) : []
    const others = settable.filter((column) => !excluded.includes(column))
    return [
      ...excluded.map((column) => `${column.name} = EXCLUDED.${column.name}`),
      ...(excluded.length === 0 || choices.chance(40)
        ? assignments(draft, table, others, [{ ...relationOf(table), mustBeNamed: true }])
        : []),
    ].join(', ')
  }
  const action = produce(draft, [
    [3, 'DO UPDATE', () => `(${table.key.join(', ')}) DO UPDATE SET ${set()}`],
    [
      1,
      'DO UPDATE WHERE',
      () => {
        const where = condition(draft, [{ ...relationOf(table), mustBeNamed: true }], 0)
        return `(${table.key.join(', ')}) DO UPDATE SET ${set()} WHERE ${where}`
      },
    ],
    [1, 'DO NOTHING', () => 'DO NOTHING'],
    [1, 'DO NOTHING for a target', () => `(${table.key.join(', ')}) DO NOTHING`],
  ])
  const end = returning(draft, relationOf(table))
  return {
    sql: `INSERT INTO ${table.name} (${names(needed)}) VALUES (${row.join(', ')}) ON CONFLICT ${action}${end}`,
    table,
  }
}

/** What columns are set to. */
function assignments(
  draft: Draft,
  table: Table,
  columns: readonly Column[],
  relations: readonly Relation[],
): string[] {
  const { choices } = draft
  const settable = columns.filter(({ name }) => !table.key.includes(name))
  const chosen = choices.some(settable, 1 + choices.below(3))
  const right = (column: Column): string => {
    const computes = isPlain(column) && choices.chance(50)
    if (computes && column.type === 'integer' && !/_id$/.test(column.name))
      return number(draft, relations, 1)
    if (computes && column.type === 'text') return plainText(draft, relations)
    if (column.nullable && choices.chance(12)) return 'NULL'
    if (column.hasDefault && choices.chance(15)) return 'DEFAULT'
    return draft.freshValue(column)
  }
  if (chosen.length === 2 && choices.chance(40)) {
    const form = produce(draft, [
      [1, 'SET of a list', () => ''],
      [1, 'SET of a ROW', () => 'ROW'],
    ])
    return [`(${names(chosen)}) = ${form}(${chosen.map(right).join(', ')})`]
  }
  return chosen.map((column) => `${column.name} = ${right(column)}`)
}

function update(draft: Draft): Change {
  const { choices } = draft
  const table = choices.pick(tables)
  const alias = choices.chance(40) ? draft.name('u') : null
  const relation = relationOf(table, alias ?? table.name)
  const set = assignments(draft, table, table.columns, [relation]).join(', ')
  // A value that is unique is given to one row.
  const key = table.columns.find(({ name }) => name === table.key[0])
  const where =
    key && choices.chance(60)
      ? `${key.name} = ${draft.soughtValue(key)}`
      : condition(draft, [relation], 1)
  const end = returning(draft, relation)
  const target = alias ? `${table.name} AS ${alias}` : table.name
  return { sql: `UPDATE ${target} SET ${set} WHERE ${where}${end}`, table }
}

function updateFrom(draft: Draft): Change {
  const table = tableOf(draft.choices.pick(['orders', 'patients', 'users']))
  const one = { ...relationOf(table, 'a'), mustBeNamed: true }
  const other = {
    ...relationOf(tableOf(draft.choices.pick(['users', 'patients'])), 'b'),
    mustBeNamed: true,
  }
  const set = assignments(draft, table, table.columns, [one, other]).join(', ')
  const where = `a.id = b.id AND ${condition(draft, [one, other], 0)}`
  const end = returning(draft, one)
  return {
    sql: `UPDATE ${table.name} AS a SET ${set} FROM ${other.table?.name} AS b WHERE ${where}${end}`,
    table,
  }
}

function remove(draft: Draft): Change {
  const table = draft.choices.pick(tables)
  const relation = relationOf(table)
  const end = returning(draft, relation)
  return {
    sql: `DELETE FROM ${table.name} WHERE ${condition(draft, [relation], 1)}${end}`,
    table,
  }
}

function removeUsing(draft: Draft): Change {
  const table = tableOf(draft.choices.pick(['orders', 'payments', 'patients']))
  const one = { ...relationOf(table, 'a'), mustBeNamed: true }
  const other = { ...relationOf(tableOf('users'), 'b'), mustBeNamed: true }
  const where = `a.id = b.id AND ${condition(draft, [one, other], 0)}`
  const end = returning(draft, one)
  return {
    sql: `DELETE FROM ${table.name} AS a USING users AS b WHERE ${where}${end}`,
    table,
  }
}

function merge(draft: Draft): Change {
  const table = tableOf(draft.choices.pick(['patients', 'orders', 'staging_users', '"Accounts"']))
  const { choices } = draft
  const target = { ...relationOf(table, 'm'), mustBeNamed: true }
  const [key = ''] = table.key
  const columns = givenColumns(draft, table)
  const row = () =>
    columns.map((column) =>
      table.key.includes(column.name) ? 's.id' : cell(draft, table, column, 0),
    )
  const matched = produce(draft, [
    [
      3,
      'MATCHED UPDATE',
      () => `UPDATE SET ${assignments(draft, table, table.columns, [target]).join(', ')}`,
    ],
    [1, 'MATCHED DELETE', () => 'DELETE'],
    [1, 'MATCHED DO NOTHING', () => 'DO NOTHING'],
  ])
  const isGuarded = choices.chance(30)
  const when = isGuarded ? ` AND ${condition(draft, [target], 0)}` : ''
  const otherwise = choices.chance(70)
    ? ` WHEN NOT MATCHED THEN INSERT (${names(columns)}) VALUES (${row().join(', ')})`
    : ''
  const end = choices.chance(40) ? ` RETURNING merge_action() AS what, m.${key}` : ''
  if (end) draft.use('merge_action')
  return {
    sql: `MERGE INTO ${table.name} AS m USING (VALUES (1), (2), (70)) AS s (id) ON m.${key} = s.id AND s.id <> ${choices.below(3)} WHEN MATCHED${when} THEN ${matched}${otherwise && ` WHEN NOT MATCHED AND s.id = 70${otherwise.slice(' WHEN NOT MATCHED'.length)}`}${end}`,
    table,
  }
}

function withChange(draft: Draft): Change {
  const table = tableOf(draft.choices.pick(['patients', 'staging_users']))
  const relation = relationOf(table)
  const key = 'id'
  return produce(draft, [
    [
      1,
      'WITH before UPDATE',
      () => {
        const only = query(draft, 0, { only: columnOf(tableOf('users'), 'id') })
        const set = assignments(draft, table, table.columns, [relation]).join(', ')
        return {
          sql: `WITH w (k) AS (${only.sql}) UPDATE ${table.name} SET ${set} WHERE ${key} IN (SELECT k FROM w) AND ${key} = 1`,
          table,
        }
      },
    ],
    [
      1,
      'INSERT in WITH',
      () => {
        const end = returning(draft, relation) || ` RETURNING ${key}`
        return {
          sql: `WITH w AS (INSERT INTO ${table.name} ${rowsFor(draft, table)}${end}) SELECT * FROM w`,
          table,
        }
      },
    ],
    [
      1,
      'UPDATE in WITH',
      () => {
        const set = assignments(draft, table, table.columns, [relation]).join(', ')
        return {
          sql: `WITH w AS (UPDATE ${table.name} SET ${set} WHERE ${key} = 2 RETURNING *) SELECT count(*) FROM w`,
          table,
        }
      },
    ],
    [
      1,
      'DELETE in WITH',
      () => ({
        sql: `WITH w AS (DELETE FROM ${table.name} WHERE ${condition(draft, [relation], 0)} RETURNING *) SELECT * FROM w`,
        table,
      }),
    ],
  ])
}

function returning(draft: Draft, relation: Relation): string {
  const any = (wanted: (column: Column) => boolean) => draft.column([relation], wanted)
  return produce(draft, [
    [4, 'no RETURNING', () => ''],
    [
      2,
      'RETURNING a protected column',
      () => {
        const found = any((one) => !isPlain(one))
        return found && ` RETURNING ${found.sql}`
      },
    ],
    [
      1,
      'RETURNING an alias',
      () => {
        const found = any((one) => !isPlain(one))
        return (
          found &&
          ` RETURNING ${found.sql} AS shown, ${refer(relation, { name: relation.key[0] ?? '' })}`
        )
      },
    ],
    [
      1,
      'RETURNING old and new',
      () => {
        const found = any((one) => !isPlain(one))
        return (
          found && ` RETURNING old.${found.column.name} AS was, new.${found.column.name} AS is_now`
        )
      },
    ],
    [
      1,
      'RETURNING *',
      () => {
        draft.isProtected ||= relation.table?.isProtected === true
        return ' RETURNING *'
      },
    ],
    [1, 'RETURNING an expression', () => ` RETURNING ${number(draft, [relation], 1)} AS n`],
  ])
}
