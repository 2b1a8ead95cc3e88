/** Reads the system catalogs of PostgreSQL 12 to 18. Names are written with their schemas, whatever the search path. */
import { AcraError } from '../../../foundation/index.ts'
import type {
  DatabaseExpression,
  DatabaseRelation,
  DatabaseSchema,
  RelationKind,
  RelationName,
  UniqueIndex,
} from '../../../transform/index.ts'
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

/** Everything that is looked at in one state of the database. Throws what `queries` throws, and SchemaError. */
export async function readSchema(queries: SchemaQueries): Promise<DatabaseSchema> {
  await queries.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    const relations = await readRelations(queries)
    const [database] = await queries.query(DATABASE)
    await queries.query('COMMIT')
    return { relations: inOrder(relations), ctype: String(database?.ctype) }
  } catch (error) {
    // A session that is broken says so here too: what broke it is what matters.
    await queries.query('ROLLBACK').catch(() => {})
    throw error
  }
}

async function readRelations(queries: SchemaQueries): Promise<readonly DatabaseRelation[]> {
  // Names in the queries of views and in defaults come with their schemas, and strings as the analysis reads them.
  await queries.query(
    "SELECT pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('standard_conforming_strings', 'on', true)",
  )
  const relations = new Map<number, Draft>()
  for (const row of await rows(queries, RELATIONS, RELATIONS_MAX, 'relations'))
    relations.set(Number(row.oid), draftOf(row))
  for (const row of await rows(queries, COLUMNS, COLUMNS_MAX, 'columns'))
    relations.get(Number(row.relation))?.columns.push({
      name: String(row.name),
      type: String(row.type),
      isComposite: row.is_composite === true,
      default: row.default === null ? null : String(row.default),
      isGenerated: row.is_generated === true,
    })
  for (const { child, parent } of await rows(queries, PARENTS, COLUMNS_MAX, 'partitions'))
    link(relations.get(Number(child))?.parents, relations.get(Number(parent)))
  for (const row of await rows(queries, USES, COLUMNS_MAX, 'uses of relations')) {
    const user = relations.get(Number(row.user))
    const list = row.is_query === true ? user?.reads : user?.rulesName
    link(list, relations.get(Number(row.relation)))
  }
  for (const row of await rows(
    queries,
    EXPRESSIONS,
    EXPRESSIONS_MAX,
    'checks and generated columns',
  ))
    relations.get(Number(row.relation))?.expressions.push({
      of: row.is_check === true ? 'check' : 'generated column',
      name: String(row.name),
      text: String(row.text),
    })
  for (const row of await rows(queries, UNIQUE, EXPRESSIONS_MAX, 'unique indexes'))
    relations
      .get(Number(row.relation))
      ?.unique.push({ name: String(row.name), columns: row.columns as string[] })
  await readViews(queries, relations)
  return [...relations.values()]
}

/** A relation while it is read. */
interface Draft extends DatabaseRelation {
  readonly columns: DatabaseRelation['columns'][number][]
  readonly parents: RelationName[]
  readonly reads: RelationName[]
  readonly expressions: DatabaseExpression[]
  readonly unique: UniqueIndex[]
  readonly rulesName: RelationName[] | null
  query: string | null
}

const KINDS: Readonly<Record<string, RelationKind>> = {
  f: 'foreign table',
  m: 'materialized view',
  v: 'view',
}

function draftOf(row: Record<string, unknown>): Draft {
  return {
    schema: String(row.schema),
    name: String(row.name),
    kind: KINDS[String(row.kind)] ?? 'table',
    isPartition: row.is_partition === true,
    columns: [],
    parents: [],
    reads: [],
    expressions: [],
    unique: [],
    query: null,
    callsFunctions: row.calls_functions === true,
    hasInsteadTriggers: row.has_triggers === true,
    rulesName: row.has_rules === true ? [] : null,
  }
}

function link(list: RelationName[] | null | undefined, to: Draft | undefined): void {
  if (to !== undefined) list?.push({ schema: to.schema, name: to.name })
}

async function rows(queries: SchemaQueries, text: string, max: number, what: string) {
  const found = await queries.query(text, [max + 1])
  if (found.length > max) throw new SchemaError(`it has more than ${max} ${what}`)
  return found
}

/** Queries of views, some at a time: their length is known only when they are there. */
async function readViews(
  queries: SchemaQueries,
  relations: ReadonlyMap<number, Draft>,
): Promise<void> {
  const views = [...relations].filter(([, { kind }]) => kind.endsWith('view'))
  let length = 0
  for (let at = 0; at < views.length; at += VIEWS_AT_A_TIME) {
    const some = new Map(views.slice(at, at + VIEWS_AT_A_TIME))
    for (const row of await queries.query(VIEWS, [[...some.keys()], QUERY_LENGTH_MAX + 1])) {
      const view = some.get(Number(row.view))
      if (view === undefined || typeof row.query !== 'string') continue
      length += row.query.length
      if (length > QUERIES_LENGTH_MAX) throw new SchemaError('its views are too long')
      if (row.query.length <= QUERY_LENGTH_MAX) view.query = row.query
    }
  }
}

const VIEWS_AT_A_TIME = 50

/** A longer expression is cut, and then no SQL any more: it is not looked at. */
const EXPRESSION_LENGTH_MAX = 10_000

const DATABASE = `
  SELECT d.datctype::pg_catalog.text AS ctype FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`

const OF_USERS = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

const RELATIONS = `
  SELECT c.oid::pg_catalog.int8 AS oid, n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind, c.relispartition AS is_partition,
    EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1') AS has_rules,
    EXISTS (SELECT FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
      WHERE r.ev_class = c.oid AND r.ev_type = '1' AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass) AS calls_functions,
    EXISTS (SELECT FROM pg_catalog.pg_trigger t
      WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND (t.tgtype & 64) <> 0) AS has_triggers
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OF_USERS}
  ORDER BY n.nspname, c.relname LIMIT $1`

/** The type of a domain is that of its values, and its default is that of columns that have none. */
const COLUMNS = `
  WITH RECURSIVE based (oid, base, modifier, fallback) AS (
    SELECT t.oid, t.typbasetype, t.typtypmod, t.typdefault FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
    UNION ALL
    SELECT b.oid, t.typbasetype, t.typtypmod, COALESCE(b.fallback, t.typdefault)
    FROM based b JOIN pg_catalog.pg_type t ON t.oid = b.base WHERE t.typtype = 'd'
  )
  SELECT a.attrelid::pg_catalog.int8 AS relation, a.attname::pg_catalog.text AS name,
    pg_catalog.format_type(COALESCE(b.base, a.atttypid), COALESCE(b.modifier, a.atttypmod)) AS type,
    (SELECT t.typtype = 'c' OR e.typtype = 'c' FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
      WHERE t.oid = COALESCE(b.base, a.atttypid)) AS is_composite,
    CASE WHEN a.attgenerated = '' THEN COALESCE(pg_catalog.pg_get_expr(d.adbin, d.adrelid), b.fallback) END AS default,
    a.attidentity <> '' OR a.attgenerated <> '' AS is_generated
  FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN based b ON b.oid = a.atttypid
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = b.base AND t.typtype = 'd')
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OF_USERS}
  ORDER BY a.attrelid, a.attnum LIMIT $1`

const PARENTS = `
  SELECT i.inhrelid::pg_catalog.int8 AS child, i.inhparent::pg_catalog.int8 AS parent FROM pg_catalog.pg_inherits i
  ORDER BY i.inhrelid, i.inhseqno LIMIT $1`

/** What the queries of views and the rules of relations name: also what they only use in a condition. */
const USES = `
  SELECT DISTINCT r.ev_class::pg_catalog.int8 AS "user", d.refobjid::pg_catalog.int8 AS relation, r.ev_type = '1' AS is_query
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
  WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
  ORDER BY 1, 2, 3 LIMIT $1`

/** Of tables themselves: those of partitions and children are their parents', or their own. */
const EXPRESSIONS = `
  SELECT k.conrelid::pg_catalog.int8 AS relation, true AS is_check, k.conname::pg_catalog.text AS name,
    pg_catalog."left"(pg_catalog.pg_get_expr(k.conbin, k.conrelid), ${EXPRESSION_LENGTH_MAX}) AS text
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'c' AND k.conrelid <> 0 AND k.coninhcount = 0
  UNION ALL
  SELECT a.attrelid::pg_catalog.int8, false, a.attname::pg_catalog.text,
    pg_catalog."left"(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ${EXPRESSION_LENGTH_MAX})
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attgenerated <> '' AND NOT a.attisdropped AND a.attinhcount = 0
  ORDER BY 1, 2, 3 LIMIT $1`

const UNIQUE = `
  SELECT i.indrelid::pg_catalog.int8 AS relation, c.relname::pg_catalog.text AS name,
    pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) AS columns
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
  WHERE i.indisunique AND i.indexprs IS NULL AND NOT c.relispartition AND i.indrelid >= 16384
  GROUP BY i.indrelid, c.relname ORDER BY 1, 2 LIMIT $1`

const VIEWS = `
  SELECT c.oid::pg_catalog.int8 AS view, pg_catalog."left"(pg_catalog.pg_get_viewdef(c.oid), $2) AS query
  FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)`
