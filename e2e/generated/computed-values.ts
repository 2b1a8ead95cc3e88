/** Changes whose values the database computes. */
import type { Draft } from './draft.ts'
import type { Change } from './relations.ts'
import { columnOf, tableOf } from './tables.ts'

/** Rows of the database itself: fine for what is not protected, and nothing that acra-server could protect otherwise. */
export function insertSelect(draft: Draft): Change | null {
  const form = draft.choices.below(3)
  if (form === 0) {
    draft.use('INSERT SELECT of plain columns')
    const only = draft.subquery({ only: columnOf(tableOf('orders'), 'id') })
    const table = tableOf('events')
    return {
      sql: `INSERT INTO events (id, happened_on, kind) SELECT DISTINCT i.id + 100, DATE '2026-03-03', 'copied' FROM (${only}) AS i (id) WHERE i.id IS NOT NULL`,
      table,
    }
  }
  const table = tableOf('staging_users')
  if (form === 1) {
    draft.dare('INSERT SELECT of constants')
    const [email, name] = ['email', 'full_name'].map((column) =>
      draft.freshValue(columnOf(table, column)),
    )
    return {
      sql: `INSERT INTO staging_users (id, email, full_name) SELECT 80, ${email}, ${name}`,
      table,
    }
  }
  draft.dare('INSERT SELECT of plain values into a protected column')
  draft.mustBeRefused = true
  draft.isProtected = true
  const column = draft.choices.pick(['email', 'full_name', 'ssn'])
  return {
    sql: `INSERT INTO staging_users (id, ${column}) SELECT id + 300, nick FROM users WHERE nick IS NOT NULL`,
    table,
  }
}

/** Values that the database computes from literals: acra-server does that itself, or refuses. */
export function computed(draft: Draft): Change {
  const table = tableOf('staging_users')
  const value = () => draft.freshValue(columnOf(table, 'full_name'))
  const form = draft.choices.pick([
    'concatenation',
    'function',
    'function of functions',
    'join of many',
    'cut',
    'COALESCE',
    'CASE',
    'subquery',
    'itself',
    'plain column',
  ])
  draft.dare(`SET of a ${form}`)
  draft.isProtected = true
  const written: Readonly<Record<string, () => string>> = {
    concatenation: () => `${value()} || ' x'`,
    function: () => `lower(${value()})`,
    'function of functions': () => `upper(btrim(replace(${value()}, 'a', 'X'), ' -'))::text`,
    'join of many': () => `concat('<', 'it''s', 7, (${draft.withoutParameters(value)}), E'>\\n')`,
    cut: () => `left(${value()}, ${draft.choices.below(9) - 2}) || repeat('\\', 2)`,
    COALESCE: () => `COALESCE(${value()}, full_name)`,
    CASE: () => `CASE WHEN id = 1 THEN ${value()} ELSE full_name END`,
    subquery: () => `(SELECT ${value()})`,
    itself: () => 'full_name',
    'plain column': () => 'nick',
  }
  if (form === 'plain column') draft.mustBeRefused = true
  return {
    sql: `UPDATE staging_users SET full_name = ${written[form]?.()} WHERE id = 1`,
    table,
  }
}

/** A search for a value that is computed. */
export function computedSearch(draft: Draft): string {
  draft.dare('a search for a computed value')
  const column = columnOf(tableOf('users'), 'email')
  const value = () => draft.soughtValue(column)
  const sought = draft.choices.pick([
    () => `lower(${value()})`,
    () => `trim(${value()})`,
    () => `${value()} || ''`,
    () => `replace(${value()}, 'zzz', '')::varchar`,
    () => `(concat(${draft.withoutParameters(value)}, NULL, ''))`,
  ])
  const compared = draft.choices.pick([
    () => `email = ${sought()}`,
    () => `${sought()} <> email`,
    () => `email IN (${sought()}, ${value()})`,
    () => `email IS NOT DISTINCT FROM ${sought()}`,
  ])
  return `SELECT id, email FROM users WHERE ${compared()}`
}
