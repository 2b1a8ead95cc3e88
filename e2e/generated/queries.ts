/** Queries: SELECT in all its forms, set operations, VALUES, CTEs. */
import type { Draft, Wish } from './draft.ts'
import { condition, isPlain, number, plainText, produce } from './expressions.ts'
import { derived, plainColumn, type Query, type Relation, refer, relationOf } from './relations.ts'
import { onlyItem, selectList } from './select-list.ts'
import {
  distinctOn,
  doubled,
  groupedByProtected,
  protectedUnion,
  recursive,
  values,
  windowed,
} from './single-queries.ts'
import { type Column, tableOf, tables } from './tables.ts'

/** A query; with `depth` 0 a simple one. */
export function query(draft: Draft, depth: number, wish: Wish = {}): Query {
  const simple = () => select(draft, depth, wish)
  if (depth <= 0 || wish.only || wish.outer) return simple()
  return produce(draft, [
    [8, 'SELECT', simple],
    [2, 'GROUP BY', () => grouped(draft, depth)],
    [2, 'WITH', () => withQuery(draft, depth)],
    [1, 'WITH RECURSIVE', () => recursive(draft)],
    [1, 'WITH of tables that double', () => doubled(draft)],
    [2, 'set operation', () => setOperation(draft, depth)],
    [1, 'UNION ALL of a protected column', () => protectedUnion(draft)],
    [1, 'VALUES', () => values(draft)],
    [1, 'window', () => windowed(draft)],
    [1, 'aggregates', () => aggregated(draft)],
    [1, 'DISTINCT ON', () => distinctOn(draft)],
    [1, 'GROUP BY a protected column', () => groupedByProtected(draft)],
  ])
}

function select(draft: Draft, depth: number, { only, outer, common = [] }: Wish): Query {
  const { choices } = draft
  const { sql: from, relations } = fromClause(draft, depth, common)
  const conditions = [
    ...(choices.chance(75) || outer ? [condition(draft, relations, depth)] : []),
    ...(outer ? [correlation(draft, relations, outer.sql)] : []),
  ]
  const list = only ? [onlyItem(draft, relations, only)] : selectList(draft, relations, depth)
  const isDistinct = list.every(({ column }) => isPlain(column)) && choices.chance(8)
  if (isDistinct) draft.use('DISTINCT')
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const end = isDistinct || only || outer ? '' : ordering(draft, relations)
  const items = list.map(({ sql }) => sql).join(', ')
  return {
    sql: `SELECT ${isDistinct ? 'DISTINCT ' : ''}${items} FROM ${from}${where}${end}`,
    columns: list.flatMap(({ columns, column }) => columns ?? [column]),
  }
}

/** The whole order of rows where one table is read alone, so that LIMIT means the same on both sides. */
function ordering(draft: Draft, relations: readonly Relation[]): string {
  const [relation] = relations
  if (!relation || relations.length > 1 || relation.key.length === 0) return ''
  const order = ` ORDER BY ${relation.key.map((name) => refer(relation, { name })).join(', ')}`
  const locks = relation.table ? 1 : 0
  return produce(draft, [
    [8, 'no order', () => ''],
    [2, 'ORDER BY', () => `${order} DESC NULLS LAST`],
    [1, 'ORDER BY a position', () => ' ORDER BY 1 LIMIT 0'],
    [2, 'LIMIT', () => `${order} LIMIT ${1 + draft.choices.below(4)}`],
    [1, 'OFFSET', () => `${order} OFFSET 2`],
    [1, 'FETCH FIRST', () => `${order} OFFSET 1 ROWS FETCH FIRST 2 ROWS ONLY`],
    [locks, 'FOR UPDATE', () => `${order} FOR UPDATE`],
    [locks, 'FOR SHARE', () => ` FOR SHARE OF ${relation.alias}`],
    [
      1,
      'LIMIT parameter',
      () =>
        draft.allowsParameters
          ? `${order} LIMIT ${draft.parameter({ oid: 20, value: '2' })}`
          : null,
    ],
  ])
}

function correlation(draft: Draft, relations: readonly Relation[], outer: string): string {
  const found = draft.column(relations, (one) => isPlain(one) && one.type === 'integer')
  return found ? `${found.sql} = ${outer}` : `1 = ${outer}`
}

interface From {
  readonly sql: string
  readonly relations: readonly Relation[]
}

function fromClause(draft: Draft, depth: number, common: readonly Relation[]): From {
  const first = fromItem(draft, depth, common)
  const joins = draft.choices.weigh([
    [6, 0],
    [3, 1],
    [1, 2],
  ])
  let from: From = { sql: first.sql, relations: [first.relation] }
  for (let count = 0; count < joins && depth > 0; count++) from = join(draft, from, depth, common)
  return from
}

interface FromItem {
  readonly sql: string
  readonly relation: Relation
}

function fromItem(draft: Draft, depth: number, common: readonly Relation[]): FromItem {
  const aliased = (relation: Relation, sql: string): FromItem => ({ sql, relation })
  const table = () => draft.choices.pick(tables)
  return produce(draft, [
    [
      4,
      'table AS',
      () => {
        const name = draft.name('t')
        const chosen = table()
        return aliased(
          relationOf(chosen, name),
          `${chosen.name} ${draft.choices.pick(['AS ', ''])}${name}`,
        )
      },
    ],
    [
      depth > 0 ? 0 : 4,
      'table',
      () => {
        const chosen = table()
        return aliased(relationOf(chosen), chosen.name)
      },
    ],
    [
      1,
      'schema.table',
      () => {
        const name = draft.name('t')
        const chosen = table()
        return aliased(relationOf(chosen, name), `public.${chosen.name} AS ${name}`)
      },
    ],
    [
      1,
      'column aliases',
      () => {
        const name = draft.name('t')
        const [first, ...rest] = tableOf('orders').columns
        if (!first) return null
        const columns = [{ ...first, name: 'renamed' }, ...rest]
        const relation = { ...derived(name, columns), key: ['renamed'] }
        return aliased(relation, `orders AS ${name} (renamed)`)
      },
    ],
    [
      depth > 0 ? 2 : 0,
      'subquery',
      () => {
        const name = draft.name('q')
        const inner = named(query(draft, depth - 1))
        return aliased(
          derived(name, inner.columns),
          `(${inner.sql}) AS ${name}${columnNames(inner)}`,
        )
      },
    ],
    [
      common.length > 0 ? 6 : 0,
      'CTE in FROM',
      () => {
        const chosen = draft.choices.pick(common)
        const name = draft.name('t')
        return aliased({ ...chosen, alias: name }, `${chosen.alias} AS ${name}`)
      },
    ],
    [
      1,
      'function in FROM',
      () => {
        const name = draft.name('g')
        const relation = { ...derived(name, [plainColumn(name, 'integer')]), key: [name] }
        return aliased(relation, `generate_series(1, ${2 + draft.choices.below(4)}) AS ${name}`)
      },
    ],
    [
      1,
      'VALUES in FROM',
      () => {
        const name = draft.name('v')
        const columns = [plainColumn('a', 'integer'), plainColumn('b', 'text')]
        return aliased(derived(name, columns), `(VALUES (1, 'x'), (2, 'y')) AS ${name} (a, b)`)
      },
    ],
  ])
}

/** Gives the columns of an answer names that are new. */
function named(inner: Query): Query {
  return {
    sql: inner.sql,
    columns: inner.columns.map((column, i) => ({ ...column, name: `k${i}` })),
  }
}

function columnNames({ columns }: Query): string {
  return ` (${columns.map(({ name }) => name).join(', ')})`
}

function join(draft: Draft, left: From, depth: number, common: readonly Relation[]): From {
  const right = fromItem(draft, 0, common)
  const relations = [...left.relations, right.relation].map((relation) => ({
    ...relation,
    mustBeNamed: true,
  }))
  const [last] = relations.slice(-1)
  const others = relations.slice(0, -1)
  if (!last) throw new Error('a join has a right side')
  const on = () => joinCondition(draft, others, last)
  const joined = (kind: string, end: string) => ({
    sql: `${left.sql} ${kind} ${right.sql}${end}`,
    relations,
  })
  return produce(draft, [
    [4, 'JOIN', () => joined('JOIN', ` ON ${on()}`)],
    [2, 'LEFT JOIN', () => joined('LEFT OUTER JOIN', ` ON ${on()}`)],
    [1, 'RIGHT JOIN', () => joined('RIGHT JOIN', ` ON ${on()}`)],
    [1, 'FULL JOIN', () => joined('FULL JOIN', ` ON ${keyCondition(draft, others, last)}`)],
    [1, 'CROSS JOIN', () => joined('CROSS JOIN', '')],
    [1, 'comma join', () => joined(',', '')],
    [1, 'JOIN USING', () => usingJoin(draft, left)],
    [1, 'LATERAL', () => lateralJoin(draft, left)],
    [depth > 0 ? 1 : 0, 'JOIN on a protected column', () => protectedJoin(draft, left)],
  ])
}

function keyCondition(draft: Draft, others: readonly Relation[], last: Relation): string {
  const isInteger = (one: Column) => isPlain(one) && one.type === 'integer'
  const one = draft.column(others, isInteger)
  const other = draft.column([last], isInteger)
  return one && other ? `${one.sql} = ${other.sql}` : 'true'
}

function joinCondition(draft: Draft, others: readonly Relation[], last: Relation): string {
  const key = keyCondition(draft, others, last)
  return draft.choices.chance(20) ? `${key} AND ${condition(draft, [...others, last], 0)}` : key
}

/** Tables that have a key of the same name. */
function usingJoin(draft: Draft, left: From): From | null {
  const [only, ...more] = left.relations
  if (!only || more.length > 0 || only.table?.key.join() !== 'id') return null
  const type = only.columns.find(({ name }) => name === 'id')?.type
  const fitting = tables.filter(
    (table) =>
      table.key.join() === 'id' && table.columns.find(({ name }) => name === 'id')?.type === type,
  )
  const whole = relationOf(draft.choices.pick(fitting), draft.name('t'))
  // The common column is shown once.
  const right = { ...whole, columns: whole.columns.filter(({ name }) => name !== 'id') }
  const sql = `${left.sql} JOIN ${right.table?.name} AS ${right.alias} USING (id)`
  return { sql, relations: [only, right].map((relation) => ({ ...relation, mustBeNamed: true })) }
}

function lateralJoin(draft: Draft, left: From): From | null {
  const outer = draft.column(
    left.relations.map((relation) => ({ ...relation, mustBeNamed: true })),
    (one) => isPlain(one) && one.type === 'integer',
  )
  if (!outer) return null
  const inner = named(query(draft, 0, { outer: { sql: outer.sql } }))
  const name = draft.name('l')
  const relations = [...left.relations, derived(name, inner.columns)]
  return {
    sql: `${left.sql} CROSS JOIN LATERAL (${inner.sql}) AS ${name}${columnNames(inner)}`,
    relations: relations.map((relation) => ({ ...relation, mustBeNamed: true })),
  }
}

function protectedJoin(draft: Draft, left: From): From | null {
  const one = draft.column(
    left.relations.map((relation) => ({ ...relation, mustBeNamed: true })),
    ({ guard }) => guard === 'searchable',
  )
  if (!one) return null
  const isSearchable = ({ guard }: Column) => guard === 'searchable'
  const fitting = tables.filter(({ columns }) => columns.some(isSearchable))
  const right = { ...relationOf(draft.choices.pick(fitting), draft.name('t')), mustBeNamed: true }
  const other = draft.column([right], isSearchable)
  if (!other) return null
  const relations = [
    ...left.relations.map((relation) => ({ ...relation, mustBeNamed: true })),
    right,
  ]
  return {
    sql: `${left.sql} JOIN ${right.table?.name} AS ${right.alias} ON ${one.sql} = ${other.sql}`,
    relations,
  }
}

function grouped(draft: Draft, depth: number): Query | null {
  const { sql: from, relations } = fromClause(draft, depth, [])
  const keys = [draft.column(relations, isPlain), draft.column(relations, isPlain)]
  const [one, two] = keys
  if (!one || !two || [one, two].some(({ column }) => column.type === 'jsonb')) return null
  const { choices } = draft
  const count = produce(draft, [
    [3, 'count(*)', () => 'count(*)'],
    [
      1,
      'count of a protected column',
      () => {
        const found = draft.column(relations, (column) => !isPlain(column))
        return found && `count(${found.sql})`
      },
    ],
    [1, 'count FILTER', () => `count(*) FILTER (WHERE ${condition(draft, relations, 0)})`],
    [1, 'sum', () => `sum(${number(draft, relations, 0)})`],
    [1, 'max', () => `max(${number(draft, relations, 0)})`],
  ])
  const group = produce(draft, [
    [4, 'grouping', () => `${one.sql}, ${two.sql}`],
    [1, 'ROLLUP', () => `ROLLUP (${one.sql}, ${two.sql})`],
    [1, 'CUBE', () => `CUBE (${one.sql}, ${two.sql})`],
    [1, 'GROUPING SETS', () => `GROUPING SETS ((${one.sql}), (${two.sql}), ())`],
  ])
  const having = choices.chance(30) ? ` HAVING count(*) ${choices.pick(['>', '<='])} 1` : ''
  if (having) draft.use('HAVING')
  const where = choices.chance(50) ? ` WHERE ${condition(draft, relations, 0)}` : ''
  const names = [draft.name('c'), draft.name('c'), draft.name('c')]
  return {
    sql: `SELECT ${one.sql} AS ${names[0]}, ${two.sql} AS ${names[1]}, ${count} AS ${names[2]} FROM ${from}${where} GROUP BY ${group}${having}`,
    columns: [
      plainColumn(names[0] ?? '', one.column.type),
      plainColumn(names[1] ?? '', two.column.type),
      plainColumn(names[2] ?? '', 'bigint'),
    ],
  }
}

function withQuery(draft: Draft, depth: number): Query {
  const name = draft.name('w')
  const inner = named(query(draft, depth - 1))
  const hint = draft.choices.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED '])
  const outer = query(draft, 0, { common: [derived(name, inner.columns)] })
  return {
    sql: `WITH ${name}${columnNames(inner)} AS ${hint}(${inner.sql}) ${outer.sql}`,
    columns: outer.columns,
  }
}

function setOperation(draft: Draft, depth: number): Query {
  const only = plainColumn('id', 'integer')
  const [one, two] = [query(draft, depth - 1, { only }), query(draft, depth - 1, { only })]
  const operator = draft.choices.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL'])
  draft.use(operator)
  return { sql: `(${one.sql}) ${operator} (${two.sql})`, columns: [only] }
}

function aggregated(draft: Draft): Query {
  const { sql: from, relations } = fromClause(draft, 1, [])
  const call = produce(draft, [
    [2, 'count(*) alone', () => 'count(*)'],
    [1, 'max of text', () => `max(${plainText(draft, relations, 0)})`],
    [1, 'avg', () => `avg(${number(draft, relations, 0)})`],
    [1, 'bool_and', () => `bool_and(${condition(draft, relations, 0)})`],
  ])
  const where = ` WHERE ${condition(draft, relations, 1)}`
  return { sql: `SELECT ${call} AS n FROM ${from}${where}`, columns: [plainColumn('n', 'text')] }
}
