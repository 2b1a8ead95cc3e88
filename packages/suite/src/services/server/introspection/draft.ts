import type {
  DatabaseExpression,
  DatabaseRelation,
  RelationKind,
  RelationName,
  UniqueIndex,
} from '../../../transform/index.ts'

/** A relation as the catalogs have it: others are their numbers, since their names may change. */
export interface Draft {
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly isPartition: boolean
  readonly callsFunctions: boolean
  readonly hasInsteadTriggers: boolean
  readonly hasRules: boolean
  readonly parents: number[]
  readonly reads: number[]
  readonly rulesName: number[]
  columns: DatabaseRelation['columns'][number][]
  expressions: DatabaseExpression[]
  unique: UniqueIndex[]
  query: string | null
  /** It was changed or dropped while it was read: nothing of it is certain. */
  isUnsettled: boolean
  /** With the names that the others have had. */
  made: DatabaseRelation | null
}

const KINDS: Readonly<Record<string, RelationKind>> = {
  f: 'foreign table',
  m: 'materialized view',
  v: 'view',
}

/** What the catalogs say of a relation by itself. */
export function draftOf(row: Record<string, unknown>): Draft {
  return {
    schema: String(row.schema),
    name: String(row.name),
    kind: KINDS[String(row.kind)] ?? 'table',
    isPartition: row.is_partition === true,
    callsFunctions: row.calls_functions === true,
    hasInsteadTriggers: row.has_triggers === true,
    hasRules: row.has_rules === true,
    parents: [],
    reads: [],
    rulesName: [],
    columns: [],
    expressions: [],
    unique: [],
    query: null,
    isUnsettled: false,
    made: null,
  }
}

/** The relations by their names: the same objects as before for those that are the same. */
export function relationsOf(drafts: ReadonlyMap<number, Draft>): DatabaseRelation[] {
  return [...drafts.values()].map((draft) => {
    const names = (numbers: readonly number[]) => namesOf(numbers, drafts)
    const links = [names(draft.parents), names(draft.reads), names(draft.rulesName)] as const
    if (draft.made === null || !isLinkedAlike(draft.made, links)) draft.made = made(draft, links)
    return draft.made
  })
}

type Links = readonly [
  parents: readonly RelationName[],
  reads: readonly RelationName[],
  rulesName: readonly RelationName[],
]

function made(draft: Draft, [parents, reads, rulesName]: Links): DatabaseRelation {
  const { schema, name, kind, isPartition, callsFunctions, hasInsteadTriggers, hasRules } = draft
  const { columns, expressions, unique, query, isUnsettled } = draft
  return {
    schema,
    name,
    kind,
    isPartition,
    columns,
    parents,
    reads,
    expressions,
    unique,
    query,
    callsFunctions,
    hasInsteadTriggers,
    rulesName: hasRules ? rulesName : null,
    ...(isUnsettled ? { isUnsettled } : {}),
  }
}

function namesOf(numbers: readonly number[], drafts: ReadonlyMap<number, Draft>): RelationName[] {
  return numbers.flatMap((number) => {
    const to = drafts.get(number)
    return to === undefined ? [] : [{ schema: to.schema, name: to.name }]
  })
}

function isLinkedAlike(before: DatabaseRelation, [parents, reads, rulesName]: Links): boolean {
  return (
    areSame(before.parents, parents) &&
    areSame(before.reads, reads) &&
    areSame(before.rulesName ?? [], rulesName)
  )
}

function areSame(some: readonly RelationName[], others: readonly RelationName[]): boolean {
  return (
    some.length === others.length &&
    some.every(
      ({ schema, name }, index) => schema === others[index]?.schema && name === others[index]?.name,
    )
  )
}
