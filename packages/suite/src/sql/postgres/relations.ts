/** The relations of FROM: what they are called and which columns they have. */
import type { KnownTable } from '../analysis.ts'
import { type Context, type Place, placeIn } from './context.ts'
import { isCatalogRelation } from './functions.ts'
import {
  column,
  type Item,
  itemOf,
  type Part,
  PLAIN,
  protectedIn,
  protectedItem,
  type Relation,
  rest,
  suspectItem,
  unlistedIn,
} from './items.ts'
import type { CommonTables, Scope } from './scope.ts'
import { type Alias, complete, type RangeVar, stringsOf } from './tree.ts'

/** What one item of FROM, or all of it, brings into scope. */
export interface Source {
  readonly relations: readonly Relation[]
  /** The columns of `*`, in order. */
  readonly star: () => readonly Part[]
}

export const NO_SOURCE: Source = { relations: [], star: () => [] }

export interface Surroundings {
  readonly context: Context
  readonly outer: Scope
  /** What stands before, which LATERAL may refer to. */
  readonly left: () => readonly Relation[]
}

/** The scope inside a query, from the one around it. */
export function scopeOver(relations: readonly Relation[], outer: Scope): Scope {
  return { relations, qualifiedOnly: [], tables: outer.tables, outer }
}

export function sourceOf(relation: Relation): Source {
  return { relations: [relation], star: () => relation.parts }
}

/** Several items of FROM beside each other. */
export function sideBySide(sources: readonly Source[], { findings }: Context): Source {
  const relations = sources.flatMap((source) => source.relations)
  findings.budget.look(relations.length)
  let columns: readonly Part[] | null = null
  const star = () => {
    if (columns !== null) return columns
    columns = sources.flatMap((source) => source.star())
    findings.budget.columns(columns.length)
    return columns
  }
  return { relations, star }
}

/** A place in FROM: LATERAL sees what stands to the left. */
export function place({ context, outer, left }: Surroundings): Place {
  return placeIn(context, scopeOver(left(), outer), 'FROM')
}

/** A table, view or common table by its name. */
export function tableRelation(
  range: RangeVar,
  tables: CommonTables | null,
  around: Pick<Surroundings, 'context'>,
): Relation {
  const { catalogname, schemaname, relname, inh, relpersistence, alias, location, ...others } =
    range
  complete(others)
  const name = relname ?? ''
  const schema = schemaname ?? null
  const common = schema === null ? (tables?.find(name) ?? null) : null
  const parts =
    common?.map(ofItsOwn) ?? tableParts(around.context.findings.table(schema, name), range, around)
  const isTable = common === null
  const relation = { name, schema: alias === undefined ? schema : null, parts, isTable }
  return aliased(relation, alias, around.context)
}

/** A common table may stand in FROM twice. */
function ofItsOwn(part: Part): Part {
  if (part.kind === 'rest') return { ...part }
  return part.item.column === null ? part : { ...part, item: { ...part.item, of: {} } }
}

/** The columns of a table, as far as the configuration says. */
function tableParts(
  table: KnownTable | null,
  { schemaname, relname = '' }: RangeVar,
  { context }: Pick<Surroundings, 'context'>,
): Part[] {
  if (table === null) {
    const isSystem = isCatalogRelation(schemaname ?? null, relname)
    return [rest({ unlisted: isSystem ? null : relname })]
  }
  if (table.columns === null) return [rest({ known: table.protected })]
  return table.columns.map((name) => column(name, tableItem(table, name, context)))
}

function tableItem(table: KnownTable, name: string, { findings }: Context): Item {
  const known = table.protected.get(name)
  if (known !== undefined) {
    const item = protectedItem(known)
    return table.mixed?.has(name) ? { ...item, isMixed: true } : item
  }
  const like = table.mayHide === true ? findings.catalog.protectedName(name) : null
  return like === null ? PLAIN : suspectItem({ relation: table.name, name, like })
}

/** A relation under its alias, its first columns renamed where the alias says so. */
export function aliased(relation: Relation, alias: Alias | undefined, context: Context): Relation {
  const named = underAlias(relation, alias, context)
  context.findings.budget.columns(named.parts.length)
  context.findings.shows(named.parts)
  return named
}

function underAlias(relation: Relation, alias: Alias | undefined, context: Context): Relation {
  if (alias === undefined) return relation
  const names = stringsOf(alias.colnames)
  const renamed = { ...relation, name: alias.aliasname ?? relation.name }
  return names.length === 0
    ? renamed
    : { ...renamed, parts: renameParts(relation.parts, names, renamed.name ?? '', context) }
}

/** The first columns under new names. Where it is not known which columns these are, protected ones must not be among them. */
export function renameParts(
  parts: readonly Part[],
  names: readonly string[],
  relation: string,
  context: Context,
): Part[] {
  const fixed = parts.findIndex((part) => part.kind === 'rest')
  const known = fixed === -1 ? parts.length : fixed
  const hidden = parts.slice(known)
  const first = parts.slice(0, known).map((part, index) => ({
    ...part,
    name: names[index] ?? (part.kind === 'column' ? part.name : null),
  }))
  const beyond = names.slice(known)
  if (beyond.length === 0) return [...(first as Part[]), ...hidden]
  const inside = protectedIn(hidden)
  if (inside !== null) {
    context.findings.refuse(inside, {
      message: `the alias ${relation} renames columns of ${inside.table}, and the encryptor config does not list all columns of that table`,
      hint: 'List every column of the table in the encryptor config (columns).',
    })
  }
  const unlisted = unlistedIn(hidden)
  const sent = hidden.some((part) => itemOf(part).sent)
  const more = beyond.map((name) => {
    const item = unlisted === null ? PLAIN : suspectItem({ relation: unlisted, name, like: null })
    return column(name, { ...item, sent })
  })
  return [...(first as Part[]), ...more, ...hidden]
}
