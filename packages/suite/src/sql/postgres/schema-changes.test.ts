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
  const { isCertain, isAlone, names } = schemaChange
  const what = isCertain ? `certain: ${names?.join(' ') ?? 'any'}` : 'possible'
  return `${what}${isAlone ? '' : ', not alone'}`
}

const cases: readonly (readonly [string, string | null])[] = [
  ['CREATE TABLE t (id int)', 'certain: t'],
  ['CREATE TABLE t AS SELECT 1 AS a', 'certain: t'],
  ['SELECT 1 AS a INTO t', 'certain: t'],
  ['CREATE VIEW v AS SELECT id FROM users', 'certain: v'],
  ['ALTER TABLE users ADD COLUMN more text', 'certain: users'],
  ['ALTER TABLE t RENAME TO s', 'certain: t s'],
  ['DROP TABLE t', 'certain: t'],
  ['DROP VIEW a, s.b', 'certain: a b'],
  ['CREATE TABLE t () INHERITS (p)', 'certain: t p'],
  ['ALTER TABLE p ATTACH PARTITION t DEFAULT', 'certain: p t'],
  ['ALTER VIEW v RENAME COLUMN a TO b', 'certain: v'],
  ['CREATE INDEX i ON t (id)', 'certain: t'],
  ['CREATE SEQUENCE s', 'certain: '],
  ['ALTER TABLE t SET SCHEMA s', 'certain: t'],
  ['DROP SCHEMA s CASCADE', 'certain: any'],
  ['CREATE EXTENSION pg_trgm', 'certain: any'],
  ["COMMIT PREPARED 'x'", 'certain: any'],
  ['EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1 AS a', 'certain: t'],
  ['CREATE SCHEMA s CREATE TABLE t (id int)', 'certain: any'],
  ['BEGIN; DROP TABLE t; COMMIT', 'certain: t, not alone'],
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
