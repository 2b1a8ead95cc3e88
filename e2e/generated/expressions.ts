/** Expressions over what is not protected, and conditions over all of it. */
import type { Draft } from './draft.ts'
import { plainColumn, type Relation } from './relations.ts'
import { quote } from './spellings.ts'
import type { Column, Type } from './tables.ts'

/** Tokens that are the same for the same value, and search hashes, can be compared. */
export function isComparable({ guard }: Column): boolean {
  return guard === 'searchable' || guard === 'consistent'
}

export function isPlain({ guard }: Column): boolean {
  return guard === 'none'
}

/** A production: its weight, its name, and what writes it; null where it cannot be written here. */
export type Production<T> = readonly [number, string, () => T | null]

/** Writes one of the productions; the first is the one that always can be. */
export function produce<T>(draft: Draft, list: readonly Production<T>[]): T {
  const chosen = draft.choices.weigh(list.map((entry) => [entry[0], entry] as const))
  const written = draft.attempt(chosen[2])
  if (written !== null) {
    draft.use(chosen[1])
    return written
  }
  const [first] = list
  const simplest = first?.[2]() ?? null
  if (!first || simplest === null) throw new Error('the first production can always be written')
  draft.use(first[1])
  return simplest
}

/** A number of type integer that is not protected. */
export function number(draft: Draft, relations: readonly Relation[], depth: number): string {
  const { choices } = draft
  const operand = () => number(draft, relations, depth - 1)
  const column = () =>
    draft.column(relations, (one) => isPlain(one) && one.type === 'integer')?.sql ?? null
  const constant = () => String(choices.below(20))
  if (depth <= 0) {
    return produce(draft, [
      [2, 'constant', constant],
      [4, 'integer column', column],
    ])
  }
  return produce(draft, [
    [3, 'constant', constant],
    [6, 'integer column', column],
    [2, 'arithmetic', () => `(${operand()} ${choices.pick(['+', '-', '*'])} ${operand()})`],
    [1, 'sign', () => `(- ${operand()})`],
    [1, 'modulo', () => `(${operand()} % 7)`],
    [1, 'COALESCE', () => `COALESCE(${operand()}, ${operand()})`],
    [1, 'NULLIF', () => `NULLIF(${operand()}, ${operand()})`],
    [1, 'GREATEST', () => `GREATEST(${operand()}, ${operand()})`],
    [
      1,
      'CASE WHEN',
      () => `CASE WHEN ${condition(draft, relations, 0)} THEN ${operand()} ELSE ${operand()} END`,
    ],
    [1, 'CASE of a value', () => `CASE ${operand()} WHEN 1 THEN ${operand()} WHEN 2 THEN 5 END`],
    [1, 'length of text', () => `length(${plainText(draft, relations)})`],
    [1, 'cast to integer', () => `(${operand()})::integer`],
    [1, 'cast of text', () => `CAST('${choices.below(50)}' AS integer)`],
    [1, 'scalar subquery', () => scalarSubquery(draft, relations)],
    [1, 'CASE on a protected column', () => caseOnProtected(draft, relations)],
  ])
}

/** A text that is not protected. */
export function plainText(draft: Draft, relations: readonly Relation[], depth = 1): string {
  const column = () =>
    draft.column(relations, (one) => isPlain(one) && one.type === 'text')?.sql ?? null
  const inner = () => plainText(draft, relations, depth - 1)
  const constant = () => quote(`plover${draft.choices.below(9)}`)
  if (depth <= 0) {
    return produce(draft, [
      [1, 'text constant', constant],
      [4, 'text column', column],
    ])
  }
  return produce(draft, [
    [2, 'text constant', constant],
    [5, 'text column', column],
    [1, 'concatenation', () => `(${inner()} || ${inner()})`],
    [1, 'upper', () => `upper(${inner()})`],
    [1, 'substring', () => `substring(${inner()} FROM 2 FOR 4)`],
    [1, 'replace', () => `replace(${inner()}, 'o', 'u')`],
    [1, 'number as text', () => `(${number(draft, relations, 0)})::text`],
  ])
}

function scalarSubquery(draft: Draft, relations: readonly Relation[]): string | null {
  const outer = draft.column(relations, (one) => isPlain(one) && one.type === 'integer')
  if (!outer) return null
  const [table, key] = draft.choices.pick([
    ['users', 'id'],
    ['orders', 'id'],
    ['patients', 'id'],
  ])
  const alias = draft.name('s')
  const what = draft.choices.pick(['count(*)::integer', `max(${alias}.${key})`])
  return `(SELECT ${what} FROM ${table} AS ${alias} WHERE ${alias}.${key} <= ${outer.sql})`
}

function caseOnProtected(draft: Draft, relations: readonly Relation[]): string | null {
  const found = draft.column(relations, isComparable)
  if (!found) return null
  if (draft.choices.chance(50))
    return `CASE WHEN ${found.sql} = ${draft.soughtValue(found.column)} THEN 1 ELSE 0 END`
  draft.dare('CASE of a protected value')
  return `CASE ${found.sql} WHEN ${draft.soughtValue(found.column)} THEN 1 END`
}

/** A condition. */
export function condition(draft: Draft, relations: readonly Relation[], depth: number): string {
  const inner = () => condition(draft, relations, depth - 1)
  const simple = (): string =>
    draft.choices.chance(50)
      ? (protectedCondition(draft, relations) ?? plainCondition(draft, relations))
      : plainCondition(draft, relations)
  if (depth <= 0) return simple()
  return produce(draft, [
    [6, 'condition', simple],
    [2, 'AND', () => `${inner()} AND ${inner()}`],
    [2, 'OR', () => `(${inner()} OR ${inner()})`],
    [1, 'NOT', () => `NOT (${inner()})`],
    [1, 'EXISTS', () => existence(draft, relations)],
    [1, 'IN subquery', () => inSubquery(draft, relations)],
  ])
}

const comparisons = ['=', '<>', '<', '<=', '>', '>=', '!='] as const

function plainCondition(draft: Draft, relations: readonly Relation[]): string {
  const { choices } = draft
  const any = (type: Type) => draft.column(relations, (one) => isPlain(one) && one.type === type)
  const operand = () => number(draft, relations, 1)
  return produce(draft, [
    [4, 'comparison', () => `${operand()} ${choices.pick(comparisons)} ${operand()}`],
    [
      4,
      'comparison with a value',
      () => {
        const found = draft.column(
          relations,
          (one) => isPlain(one) && !['jsonb', 'text[]'].includes(one.type),
        )
        return (
          found && `${found.sql} ${choices.pick(comparisons)} ${draft.soughtValue(found.column)}`
        )
      },
    ],
    [1, 'BETWEEN', () => `${operand()} BETWEEN 1 AND ${operand()}`],
    [1, 'IN', () => `${operand()} IN (1, 2, ${operand()})`],
    [1, 'IS NULL', () => `${operand()} IS ${choices.pick(['', 'NOT '])}NULL`],
    [1, 'boolean column', () => any('boolean')?.sql ?? null],
    [1, 'IS TRUE', () => `(${operand()} > 2) IS ${choices.pick(['TRUE', 'NOT TRUE', 'UNKNOWN'])}`],
    [1, 'LIKE', () => `${plainText(draft, relations)} LIKE 'plover%'`],
    [1, 'regular expression', () => `${plainText(draft, relations)} ~ '[0-4]$'`],
    [1, 'ANY of an array', () => `${operand()} = ANY (ARRAY[1, 3, 5])`],
    [
      1,
      'jsonb',
      () => {
        const found = any('jsonb')
        return found && `${found.sql} @> '{"n": 2}'`
      },
    ],
    [
      1,
      'array column',
      () => {
        const found = any('text[]')
        return found && `'b' = ANY (${found.sql})`
      },
    ],
    [1, 'row comparison', () => `(${operand()}, ${operand()}) ${choices.pick(['<', '='])} (3, 4)`],
  ])
}

/** A condition on a protected column; null where the relations have none. */
function protectedCondition(draft: Draft, relations: readonly Relation[]): string | null {
  const found = draft.column(relations, isComparable)
  const isGiven = () => {
    const any = draft.column(relations, ({ guard }) => guard !== 'none')
    return any && `${any.sql} IS ${draft.choices.pick(['', 'NOT '])}NULL`
  }
  if (!found) {
    const written = isGiven()
    if (written !== null) draft.use('protected IS NULL')
    return written
  }
  const { sql, column } = found
  const sought = () => draft.soughtValue(column)
  const what = column.guard
  return produce(draft, [
    [6, `${what} =`, () => `${sql} = ${sought()}`],
    [2, `${what} <>`, () => `${sql} ${draft.choices.pick(['<>', '!='])} ${sought()}`],
    [2, `${what} reversed`, () => `${sought()} ${draft.choices.pick(['=', '<>'])} ${sql}`],
    [2, `${what} IN`, () => `${sql} IN (${sought()}, ${sought()}, ${sought()})`],
    [1, `${what} NOT IN`, () => `${sql} NOT IN (${sought()}, ${sought()})`],
    [
      1,
      `${what} DISTINCT FROM`,
      () => `${sql} IS ${draft.choices.pick(['', 'NOT '])}DISTINCT FROM ${sought()}`,
    ],
    [
      1,
      `${what} ANY of an array`,
      () =>
        `${sql} = ANY (ARRAY[${sought()}, ${sought()}]${column.type === 'bigint' ? '::bigint[]' : ''})`,
    ],
    [1, `${what} ANY of a literal`, () => `${sql} = ANY (${arrayLiteral(draft, column)})`],
    [1, `${what} ALL`, () => `${sql} <> ALL (${arrayLiteral(draft, column)})`],
    [
      1,
      `${what} ANY of a parameter`,
      () => (draft.allowsParameters ? `${sql} = ANY (${arrayParameter(draft, column)})` : null),
    ],
    [1, `${what} in a row`, () => rowComparison(draft, relations, sql, column)],
    [1, 'protected IS NULL', isGiven],
    [1, `${what} = column`, () => sameColumn(draft, relations, sql, column)],
  ])
}

function rowComparison(draft: Draft, relations: readonly Relation[], sql: string, column: Column) {
  const other = draft.column(relations, (one) => isPlain(one) && one.type === 'integer')
  if (!other) return null
  return `(${other.sql}, ${sql}) = (${draft.soughtValue(other.column)}, ${draft.soughtValue(column)})`
}

function sameColumn(draft: Draft, relations: readonly Relation[], sql: string, column: Column) {
  const other = draft.column(
    relations,
    (one) =>
      one.guard === column.guard &&
      one.type === column.type &&
      (one.guard === 'searchable' || one.home === column.home),
  )
  return other && `${sql} = ${other.sql}`
}

function arrayText(draft: Draft, column: Column): string {
  const items = [draft.soughtText(column), draft.soughtText(column)]
  const quoted = items.map((item) => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
  return `{${quoted.join(',')}}`
}

function arrayLiteral(draft: Draft, column: Column): string {
  const literal = quote(arrayText(draft, column))
  if (!draft.choices.chance(40)) return literal
  return `${literal}::${column.type}[]`
}

function arrayParameter(draft: Draft, column: Column): string {
  const oid = column.type === 'bigint' ? 1016 : 1009
  const value = arrayText(draft, column)
  return draft.parameter(draft.choices.chance(50) ? { oid, value, format: 'text' } : value)
}

function existence(draft: Draft, relations: readonly Relation[]): string | null {
  const outer = draft.column(relations, (one) => isPlain(one) && one.type === 'integer')
  if (!outer) return null
  const inner = draft.subquery({ outer: { sql: outer.sql } })
  return `${draft.choices.pick(['', 'NOT '])}EXISTS (${inner})`
}

function inSubquery(draft: Draft, relations: readonly Relation[]): string | null {
  const outer = draft.column(relations, (one) => isPlain(one) && one.type === 'integer')
  if (!outer) return null
  const inner = draft.subquery({ only: plainColumn('id', 'integer') })
  return `${outer.sql} ${draft.choices.pick(['', 'NOT '])}IN (${inner})`
}
