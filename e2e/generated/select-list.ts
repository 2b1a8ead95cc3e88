/** What a query answers. */
import type { Draft } from './draft.ts'
import { condition, isPlain, number, plainText, produce } from './expressions.ts'
import { plainColumn, type Relation } from './relations.ts'
import type { Column } from './tables.ts'

/** An entry of a SELECT list. */
export interface Item {
  readonly sql: string
  readonly column: Column
  /** The columns of `*`. */
  readonly columns?: readonly Column[]
}

/** A column that is not protected, of the type that is wanted; a number where there is none. */
export function onlyItem(draft: Draft, relations: readonly Relation[], only: Column): Item {
  const found = draft.column(relations, (one) => isPlain(one) && one.type === only.type)
  return { sql: found?.sql ?? '1', column: only }
}

/** Some entries, or `*`. */
export function selectList(draft: Draft, relations: readonly Relation[], depth: number): Item[] {
  const { choices } = draft
  const all = relations.flatMap(({ columns }) => columns)
  const [first] = relations
  if (choices.chance(15)) {
    draft.use('*')
    for (const column of all) if (!isPlain(column)) draft.isProtected = true
    return [
      {
        sql: '*',
        column: all.find((one) => !isPlain(one)) ?? plainColumn('x', 'text'),
        columns: all,
      },
    ]
  }
  const items = Array.from({ length: 1 + choices.below(3) }, () => item(draft, relations, depth))
  if (!first || !choices.chance(8)) return items
  draft.use('t.*')
  for (const column of first.columns) if (!isPlain(column)) draft.isProtected = true
  const star = first.columns.find((one) => !isPlain(one)) ?? plainColumn('x', 'text')
  return [...items, { sql: `${first.alias}.*`, column: star, columns: first.columns }]
}

function item(draft: Draft, relations: readonly Relation[], depth: number): Item {
  const name = draft.name('c')
  const expression = (type: Column['type'], sql: string): Item => ({
    sql: `${sql} AS ${name}`,
    column: plainColumn(name, type),
  })
  const column = (wanted: (column: Column) => boolean): Item | null => {
    const found = draft.column(relations, wanted)
    if (!found) return null
    const alias = draft.choices.pick([`AS ${name}`, name, `AS "Q ${name}"`])
    const shown = alias.replace('AS ', '')
    return {
      sql: `${found.sql} ${alias}`,
      column: { ...found.column, name: shown, nullable: true },
    }
  }
  return produce(draft, [
    [1, 'constant item', () => expression('integer', String(draft.choices.below(9)))],
    [6, 'protected item', () => column((one) => !isPlain(one))],
    [4, 'plain item', () => column(isPlain)],
    [2, 'number item', () => expression('integer', number(draft, relations, depth + 1))],
    [1, 'text item', () => expression('text', plainText(draft, relations))],
    [1, 'condition item', () => expression('boolean', `(${condition(draft, relations, 0)})`)],
    [1, 'NULL item', () => expression('text', 'NULL')],
  ])
}
