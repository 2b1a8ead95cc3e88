/** Reads the system catalogs: all of them once, and then what has changed since. */
import { AcraError } from '../../../foundation/index.ts'
import type { DatabaseSchema } from '../../../transform/index.ts'
import {
  ALL,
  BEGIN,
  type CatalogQueries,
  DATABASE,
  SOME,
  VERSIONS,
  VIEWS,
} from './catalog-queries.ts'
import { type Draft, draftOf, relationsOf } from './draft.ts'
import { inOrder } from './relation-order.ts'

/** A session of the service account. */
export interface SchemaQueries {
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
}

/** The database has more relations, columns or text than is read. */
export class SchemaError extends AcraError {
  constructor(what: string) {
    super('schema-too-large', `the schema of the database cannot be held: ${what}`)
  }
}

const RELATIONS_MAX = 50_000
const COLUMNS_MAX = 1_000_000
const EXPRESSIONS_MAX = 200_000
/** Characters of one view's query, and of all. */
const QUERY_LENGTH_MAX = 1_000_000
const QUERIES_LENGTH_MAX = 64_000_000
/** Queries of views that are asked for at once: their length is known only when they are there. */
const VIEWS_AT_A_TIME = 50
/** Where more have changed, all are read: there are plans for that. */
const SOME_MAX = 1000
/** How often what changes under the reading is read again at once. */
const TRIES = 4

/** What types and functions are called is part of what relations are: their version is that of the relation 0. */
const SURROUNDINGS = 0

/** What is known of the relations of one database. */
export class SchemaReader {
  #drafts: ReadonlyMap<number, Draft> = new Map()
  /** Of those that were read to their end. */
  #versions: ReadonlyMap<number, string> = new Map()
  #schema: DatabaseSchema | null = null
  #isTold = false
  #ctype = ''

  /** True where the database had, when it was read last, the trigger that tells of each change of its schema. */
  get isTold(): boolean {
    return this.#isTold
  }

  /**
   * Everything in one state of the database: the same object where nothing has changed. What is changed by others while it is read is read
   * again at once; where that goes on, it is told as unsettled. Throws what `queries` throws, and SchemaError.
   */
  async read(queries: SchemaQueries): Promise<DatabaseSchema> {
    for (let left = TRIES; left > 0; left--) if (await this.#readOnce(queries)) break
    this.#schema ??= { relations: inOrder(relationsOf(this.#drafts)), ctype: this.#ctype }
    return this.#schema
  }

  /** Forgets what it knows: the next reading is one of everything. */
  forget(): void {
    this.#drafts = new Map()
    this.#versions = new Map()
  }

  /** False where something was changed while it was read. */
  async #readOnce(queries: SchemaQueries): Promise<boolean> {
    await queries.query(BEGIN)
    try {
      const [database] = await queries.query(DATABASE)
      const versions = await versionsIn(queries)
      const changed = this.#changed(versions)
      const drafts = new Map([...this.#drafts].filter(([number]) => versions.has(number)))
      if (changed === null || changed.length > 0) {
        for (const [number, draft] of await readRelations(queries, changed))
          drafts.set(number, draft)
        if (textLength(drafts) > QUERIES_LENGTH_MAX) throw new SchemaError('its views are too long')
      }
      await queries.query('COMMIT')
      const isSame = changed?.length === 0 && drafts.size === this.#drafts.size
      if (!isSame) this.#schema = null
      this.#isTold = database?.is_told === true
      this.#ctype = String(database?.ctype)
      const unsettled = [...drafts].filter(([, { isUnsettled }]) => isUnsettled)
      for (const [number] of unsettled) versions.delete(number)
      this.#drafts = drafts
      this.#versions = versions
      return unsettled.length === 0
    } catch (error) {
      // A session that is broken says so here too: what broke it is what matters.
      await queries.query('ROLLBACK').catch(() => {})
      throw error
    }
  }

  /** Those that are not what they were, and those in whose text their names stand; null for all. */
  #changed(versions: ReadonlyMap<number, string>): readonly number[] | null {
    const known = this.#versions
    if (known.get(SURROUNDINGS) !== versions.get(SURROUNDINGS) || this.#drafts.size === 0)
      return null
    const isOther = (number: number) => known.get(number) !== versions.get(number)
    const changed = [...versions.keys()].filter(isOther)
    for (const [number, { reads, rulesName }] of this.#drafts) {
      if (isOther(number) || !versions.has(number)) continue
      if (reads.some(isOther) || rulesName.some(isOther)) changed.push(number)
    }
    return changed.length > SOME_MAX ? null : changed
  }
}

async function versionsIn(queries: SchemaQueries): Promise<Map<number, string>> {
  const found = await queries.query(VERSIONS, [RELATIONS_MAX + 1])
  const versions = new Map<number, string>()
  for (const { relation, version } of found) versions.set(Number(relation), String(version))
  if (versions.size > RELATIONS_MAX + 1)
    throw new SchemaError(`it has more than ${RELATIONS_MAX} relations`)
  return versions
}

/** Reads these relations, or all. */
async function readRelations(
  queries: SchemaQueries,
  numbers: readonly number[] | null,
): Promise<ReadonlyMap<number, Draft>> {
  const texts = numbers === null ? ALL : SOME
  const read = (text: string, max: number, what: string) => rows(queries, text, numbers, max, what)
  const drafts = new Map<number, Draft>()
  for (const row of await read(texts.relations, RELATIONS_MAX, 'relations'))
    drafts.set(Number(row.oid), draftOf(row))
  for (const { child, parent } of await read(texts.parents, COLUMNS_MAX, 'partitions'))
    drafts.get(Number(child))?.parents.push(Number(parent))
  for (const row of await read(texts.uses, COLUMNS_MAX, 'uses of relations')) {
    const user = drafts.get(Number(row.user))
    const list = row.is_query === true ? user?.reads : user?.rulesName
    list?.push(Number(row.relation))
  }
  for (const row of await read(texts.unique, EXPRESSIONS_MAX, 'unique indexes'))
    drafts
      .get(Number(row.relation))
      ?.unique.push({ name: String(row.name), columns: row.columns as string[] })
  await readPrinted(queries, texts, numbers, drafts)
  return drafts
}

/**
 * What the database prints of expressions and queries: by what it finds at that moment, and not by the state that the transaction sees. It
 * fails at what has been dropped since. Then the halves are read by themselves, down to the one relation that is to blame.
 */
async function readPrinted(
  queries: SchemaQueries,
  texts: CatalogQueries,
  numbers: readonly number[] | null,
  drafts: ReadonlyMap<number, Draft>,
): Promise<void> {
  await queries.query('SAVEPOINT printed')
  try {
    await readExpressions(queries, texts, numbers, drafts)
    await readViews(queries, drafts)
  } catch (error) {
    if (!isOutrun(error)) throw error
    await queries.query('ROLLBACK TO SAVEPOINT printed')
    const all = [...drafts]
    for (const [, draft] of all) Object.assign(draft, { columns: [], expressions: [], query: null })
    if (all.length <= 1) {
      for (const [, draft] of all) draft.isUnsettled = true
      return
    }
    const middle = all.length >> 1
    for (const half of [all.slice(0, middle), all.slice(middle)]) {
      const some = new Map(half)
      await readPrinted(queries, SOME, [...some.keys()], some)
    }
  }
}

async function readExpressions(
  queries: SchemaQueries,
  texts: CatalogQueries,
  numbers: readonly number[] | null,
  drafts: ReadonlyMap<number, Draft>,
): Promise<void> {
  for (const row of await rows(queries, texts.columns, numbers, COLUMNS_MAX, 'columns'))
    drafts.get(Number(row.relation))?.columns.push({
      name: String(row.name),
      type: String(row.type),
      isComposite: row.is_composite === true,
      default: row.default === null ? null : String(row.default),
      isGenerated: row.is_generated === true,
    })
  const what = 'checks and generated columns'
  for (const row of await rows(queries, texts.expressions, numbers, EXPRESSIONS_MAX, what))
    drafts.get(Number(row.relation))?.expressions.push({
      of: row.is_check === true ? 'check' : 'generated column',
      name: String(row.name),
      text: String(row.text),
    })
}

async function readViews(
  queries: SchemaQueries,
  drafts: ReadonlyMap<number, Draft>,
): Promise<void> {
  const views = [...drafts].filter(([, { kind }]) => kind.endsWith('view'))
  let length = 0
  for (let at = 0; at < views.length; at += VIEWS_AT_A_TIME) {
    const some = new Map(views.slice(at, at + VIEWS_AT_A_TIME))
    for (const row of await queries.query(VIEWS, [[...some.keys()], QUERY_LENGTH_MAX + 1])) {
      const view = some.get(Number(row.view))
      if (view === undefined) continue
      // It is there, and has no query any more.
      if (typeof row.query !== 'string') view.isUnsettled = true
      else if (row.query.length <= QUERY_LENGTH_MAX) view.query = row.query
      length += view.query?.length ?? 0
      if (length > QUERIES_LENGTH_MAX) throw new SchemaError('its views are too long')
    }
  }
}

function textLength(drafts: ReadonlyMap<number, Draft>): number {
  let length = 0
  for (const { query } of drafts.values()) length += query?.length ?? 0
  return length
}

async function rows(
  queries: SchemaQueries,
  text: string,
  numbers: readonly number[] | null,
  max: number,
  what: string,
) {
  const found = await queries.query(text, numbers === null ? [max + 1] : [max + 1, numbers])
  if (found.length > max) throw new SchemaError(`it has more than ${max} ${what}`)
  return found
}

/** True for the errors of a database that prints what another session has dropped meanwhile: some are internal ones. */
function isOutrun(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { sqlState, code } = error as { readonly sqlState?: unknown; readonly code?: unknown }
  return OUTRUN.has(String(sqlState ?? code))
}

const OUTRUN: ReadonlySet<string> = new Set(['XX000', '42P01', '42704', '3F000'])
