import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchableCatalog, verdict } from './testing/index.ts'

const catalog = searchableCatalog()

test('an index on what is compared of a protected column passes', () => {
  for (const [sql, found] of [
    ['CREATE INDEX IF NOT EXISTS i ON users (pg_catalog.substr(email, 1, 33))', 'exact'],
    ['CREATE UNIQUE INDEX i ON users (id, substr(email, 1, 33))', 'exact'],
    ['CREATE UNIQUE INDEX i ON users (ssn)', 'untouched'],
    ['CREATE INDEX i ON users (nick)', 'untouched'],
  ] as const)
    assert.equal(verdict(sql, catalog), found, sql)
})

test('any other index on a protected column is refused', () => {
  for (const sql of [
    'CREATE INDEX i ON users (email)',
    'CREATE INDEX i ON users (name)',
    'CREATE INDEX i ON users (lower(ssn))',
    'CREATE INDEX i ON users (substr(email, 1, 34))',
    'CREATE INDEX i ON users (substr(email, 2, 33))',
    'CREATE INDEX i ON users (substr(email, 1))',
    'CREATE INDEX i ON users (substr(ssn, 1, 33))',
    'CREATE INDEX i ON users (public.substr(email, 1, 33))',
    'CREATE INDEX i ON users (substr(lower(email), 1, 33))',
  ])
    assert.match(verdict(sql, catalog), /^refused: CREATE INDEX cannot use users\./, sql)
})

test('a schema is renamed if no table of it is protected', () => {
  const known = { ...catalog, mayProtect: (schema: string) => schema === 'public' }
  assert.equal(verdict('ALTER SCHEMA other RENAME TO another', known), 'untouched')
  assert.match(verdict('ALTER SCHEMA public RENAME TO another', known), /^refused: RENAME/)
  assert.match(verdict('ALTER SCHEMA other RENAME TO another', catalog), /^refused: RENAME/)
})
