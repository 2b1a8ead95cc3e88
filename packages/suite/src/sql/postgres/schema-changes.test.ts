import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyzeSql } from './testing/index.ts'
import { catalog } from './testing/tables.ts'

/** What a text does to the schema: for certain or perhaps, alone or among others; null where nothing. */
function changeOf(sql: string): string | null {
  const analysis = analyzeSql(sql, catalog)
  assert.notEqual(analysis.kind, 'refused', sql)
  const { schemaChange } = analysis
  if (schemaChange === undefined) return null
  const { isCertain, isAlone } = schemaChange
  return `${isCertain ? 'certain' : 'possible'}${isAlone ? '' : ', not alone'}`
}

const cases: readonly (readonly [string, string | null])[] = [
  ['CREATE TABLE t (id int)', 'certain'],
  ['CREATE TABLE t AS SELECT 1 AS a', 'certain'],
  ['SELECT 1 AS a INTO t', 'certain'],
  ['CREATE VIEW v AS SELECT id FROM users', 'certain'],
  ['ALTER TABLE users ADD COLUMN more text', 'certain'],
  ['ALTER TABLE t RENAME TO s', 'certain'],
  ['DROP TABLE t', 'certain'],
  ['DROP SCHEMA s CASCADE', 'certain'],
  ['CREATE EXTENSION pg_trgm', 'certain'],
  ["COMMIT PREPARED 'x'", 'certain'],
  ['EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1 AS a', 'certain'],
  ['CREATE SCHEMA s CREATE TABLE t (id int)', 'certain'],
  ['BEGIN; DROP TABLE t; COMMIT', 'certain, not alone'],
  ['SELECT app.tidy()', 'possible'],
  ['SELECT now()', null],
  ['SELECT email FROM users', null],
  ["INSERT INTO users (email) VALUES ('x')", null],
  ['BEGIN', null],
  ['COMMIT', null],
  ['TRUNCATE users', null],
  ['GRANT SELECT ON users TO bob', null],
  ['VACUUM users', null],
  ['CREATE TEMP TABLE t (id int)', null],
  ['CREATE TEMP TABLE t AS SELECT 1 AS a', null],
  ['SELECT 1 AS a INTO TEMP t', null],
  ['CREATE TEMP VIEW v AS SELECT 1 AS a', null],
]

for (const [sql, expected] of cases) {
  test(`${sql}: ${expected ?? 'changes no schema'}`, () => {
    assert.equal(changeOf(sql), expected)
  })
}
