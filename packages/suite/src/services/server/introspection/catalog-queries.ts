/** What is asked of the system catalogs of PostgreSQL 12 to 18. Names are written with their schemas, whatever the search path. */

/** A longer expression is cut, and then no SQL any more: it is not looked at. */
const EXPRESSION_LENGTH_MAX = 10_000

const OF_USERS = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`
const KINDS = `c.relkind IN ('r', 'p', 'v', 'm', 'f')`

/** Names in the queries of views and in defaults come with their schemas, and strings as the analysis reads them. */
export const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SELECT pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('standard_conforming_strings', 'on', true)`

/** What the trigger is called that tells of changes, its function, and the channel that it tells them on. */
export const CHANGED = 'acra_schema_changed'

/** What letters are in the database, and whether the trigger is there and fires in every session. */
export const DATABASE = `
  SELECT d.datctype::pg_catalog.text AS ctype, EXISTS (SELECT FROM pg_catalog.pg_event_trigger t
    WHERE t.evtname = '${CHANGED}' AND t.evtevent = 'ddl_command_end' AND t.evtenabled = 'A' AND t.evttags IS NULL) AS is_told
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`

/** Changes whenever the row is written anew. */
const stamp = (row: string) =>
  `pg_catalog.hashtextextended(${row}.xmin::pg_catalog.text || ${row}.ctid::pg_catalog.text, ${row}.tableoid::pg_catalog.int8)`

/**
 * A number for each relation that changes with it, and one, of the relation 0, that changes with what relations are described by: types and
 * functions. Each row of the catalogs counts by the transaction that has written it and by its place.
 */
export const VERSIONS = `
  WITH relations AS MATERIALIZED (
    SELECT c.oid, ${stamp('c')} AS own, ${stamp('n')} AS schema
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE ${KINDS} AND ${OF_USERS} LIMIT $1
  ), stamps (relation, stamp) AS (
    SELECT oid, own FROM relations
    UNION ALL SELECT oid, schema FROM relations
    UNION ALL SELECT x.attrelid, ${stamp('x')} FROM pg_catalog.pg_attribute x JOIN relations r ON r.oid = x.attrelid
    UNION ALL SELECT x.adrelid, ${stamp('x')} FROM pg_catalog.pg_attrdef x JOIN relations r ON r.oid = x.adrelid
    UNION ALL SELECT x.inhrelid, ${stamp('x')} FROM pg_catalog.pg_inherits x JOIN relations r ON r.oid = x.inhrelid
    UNION ALL SELECT x.ev_class, ${stamp('x')} FROM pg_catalog.pg_rewrite x JOIN relations r ON r.oid = x.ev_class
    UNION ALL SELECT x.tgrelid, ${stamp('x')} FROM pg_catalog.pg_trigger x JOIN relations r ON r.oid = x.tgrelid
      WHERE (x.tgtype & 64) <> 0
    UNION ALL SELECT x.conrelid, ${stamp('x')} FROM pg_catalog.pg_constraint x JOIN relations r ON r.oid = x.conrelid
      WHERE x.contype = 'c'
    UNION ALL SELECT x.indrelid, ${stamp('x')} FROM pg_catalog.pg_index x JOIN relations r ON r.oid = x.indrelid
      WHERE x.indisunique
    UNION ALL SELECT 0, ${stamp('x')} FROM pg_catalog.pg_type x
      WHERE x.oid >= 16384 AND x.typtype <> 'c' AND (x.typtype = 'd' OR x.typcategory <> 'A')
    UNION ALL SELECT 0, ${stamp('x')} FROM pg_catalog.pg_proc x WHERE x.oid >= 16384
  )
  SELECT relation::pg_catalog.int8 AS relation, pg_catalog.sum(stamp)::pg_catalog.text AS version FROM stamps GROUP BY relation`

/** The queries of what relations are: of all, or of those in the second parameter. */
export interface CatalogQueries {
  readonly relations: string
  readonly columns: string
  readonly parents: string
  readonly uses: string
  readonly expressions: string
  readonly unique: string
}

const queriesOf = (among: (relation: string) => string): CatalogQueries => ({
  relations: `
  SELECT c.oid::pg_catalog.int8 AS oid, n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind, c.relispartition AS is_partition,
    EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1') AS has_rules,
    EXISTS (SELECT FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
      WHERE r.ev_class = c.oid AND r.ev_type = '1' AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass) AS calls_functions,
    EXISTS (SELECT FROM pg_catalog.pg_trigger t
      WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND (t.tgtype & 64) <> 0) AS has_triggers
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE ${KINDS} AND ${OF_USERS}${among('c.oid')}
  ORDER BY n.nspname, c.relname LIMIT $1`,

  // The type of a domain is that of its values, and its default is that of columns that have none.
  columns: `
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
  WHERE a.attnum > 0 AND NOT a.attisdropped AND ${KINDS} AND ${OF_USERS}${among('a.attrelid')}
  ORDER BY a.attrelid, a.attnum LIMIT $1`,

  parents: `
  SELECT i.inhrelid::pg_catalog.int8 AS child, i.inhparent::pg_catalog.int8 AS parent FROM pg_catalog.pg_inherits i
  WHERE i.inhrelid >= 16384${among('i.inhrelid')}
  ORDER BY i.inhrelid, i.inhseqno LIMIT $1`,

  // What the queries of views and the rules of relations name: also what they only use in a condition.
  uses: `
  SELECT DISTINCT r.ev_class::pg_catalog.int8 AS "user", d.refobjid::pg_catalog.int8 AS relation, r.ev_type = '1' AS is_query
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
  WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class${among('r.ev_class')}
  ORDER BY 1, 2, 3 LIMIT $1`,

  // Of tables themselves: those of partitions and children are their parents', or their own.
  expressions: `
  SELECT k.conrelid::pg_catalog.int8 AS relation, true AS is_check, k.conname::pg_catalog.text AS name,
    pg_catalog."left"(pg_catalog.pg_get_expr(k.conbin, k.conrelid), ${EXPRESSION_LENGTH_MAX}) AS text
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'c' AND k.conrelid <> 0 AND k.coninhcount = 0${among('k.conrelid')}
  UNION ALL
  SELECT a.attrelid::pg_catalog.int8, false, a.attname::pg_catalog.text,
    pg_catalog."left"(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ${EXPRESSION_LENGTH_MAX})
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attgenerated <> '' AND NOT a.attisdropped AND a.attinhcount = 0${among('a.attrelid')}
  ORDER BY 1, 2, 3 LIMIT $1`,

  unique: `
  SELECT i.indrelid::pg_catalog.int8 AS relation, c.relname::pg_catalog.text AS name,
    pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) AS columns
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
  WHERE i.indisunique AND i.indexprs IS NULL AND NOT c.relispartition AND i.indrelid >= 16384${among('i.indrelid')}
  GROUP BY i.indrelid, c.relname ORDER BY 1, 2 LIMIT $1`,
})

export const ALL = queriesOf(() => '')
export const SOME = queriesOf((relation) => ` AND ${relation} = ANY ($2::pg_catalog.oid[])`)

export const VIEWS = `
  SELECT c.oid::pg_catalog.int8 AS view, pg_catalog."left"(pg_catalog.pg_get_viewdef(c.oid), $2) AS query
  FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)`
