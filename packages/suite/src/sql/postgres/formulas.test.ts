import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Catalog } from '../analysis.ts'
import { analyzeSql, catalogOf, rewritten, searchableCatalog, verdict } from './testing/index.ts'

const tables = {
  'public.users': {
    columns: ['id', 'email', 'age', 'nick'],
    protect: ['email', 'age'],
    search: { email: 'prefix', age: 'whole' },
  },
} as const
const plain = catalogOf({ tables })
const catalog: Catalog = {
  ...plain,
  storedAs: ({ column }) => (column === 'age' ? 'int32' : 'bytes'),
}
const spaced = (text: string) => text.replace(/\s+/g, ' ').replace(/\( /g, '(').trim()

/** A value for `email`, and what stands in its place. */
const written: readonly (readonly [string, string])[] = [
  ["lower('X')", '<store>'],
  ["pg_catalog . upper ( /* ) */ 'x' )", '<store>'],
  ["('a' || 'b')", '(<store>)'],
  ["(('a') || 'b')", '(<store>)'],
  ["'a' || ('b' || (('c')))", '<store>'],
  ["('a' || 'b') || lower('C)') || 5", '<store>'],
  ["('a' || 'b')::text", '(<store>) '],
  ["CAST(lower('X'::text) AS varchar)", '<store> '],
  ["'a'::text || CAST('b' AS text)", '<store>'],
  ["TRIM(BOTH FROM ' x ')", '<store>'],
  ["trim(leading 'x' from 'xy')", '<store>'],
  ["SUBSTRING('abc' FROM 2 FOR 1)", '<store>'],
  ["replace('a(b', '(', ')')", '<store>'],
  ["concat('a', 5, 'b')", '<store>'],
  ["decode('YWI=', 'base64')", '<store>'],
  ['lower($1)', '$1'],
  ['lower(trim($1::text))', '$1'],
  ["'a' || $1 || 'b'", '$1'],
]

for (const [value, expected] of written) {
  test(`computed: ${value}`, () => {
    const found = rewritten(`INSERT INTO users (email) VALUES (${value})`, catalog)
    assert.equal(spaced(found), `INSERT INTO users (email) VALUES (${expected})`)
  })
}

/** A condition, and what becomes of it. */
const compared: readonly (readonly [string, string])[] = [
  ["email = lower('X')", 'substr(email, 1, 33) = ANY (<forms>)'],
  ['email = lower($1)', 'substr(email, 1, 33) = ANY ($1)'],
  ["('a' || $1)::text <> email", '(substr(email, 1, 33)) <> ALL ($1)'],
  [
    "email IN (lower($1), upper('x'))",
    'substr(email, 1, 33) OPERATOR(=) ANY ($1::bytea[] OPERATOR(||) <forms>::bytea[])',
  ],
  ['age = 1 + 2', 'age = <value>'],
  ['age = (-(3 * (4)))', 'age = (<value>)'],
  ['- 5::int = age', '<value> = age'],
  ['(age) = 5::int4 % 3', '(age) = <value>'],
]

for (const [condition, expected] of compared) {
  test(`computed: ${condition}`, () => {
    const found = rewritten(`SELECT id FROM users WHERE ${condition}`, catalog)
    assert.equal(spaced(found), `SELECT id FROM users WHERE ${expected}`)
  })
}

for (const value of [
  "md5('x')",
  "app.lower('x')",
  'lower(\'x\' COLLATE "tr-x-icu")',
  "lower(DISTINCT 'x')",
  "lower(X'61')",
  'lower(nick)',
  "'a' || nick",
  '$1 || $2',
  "concat($1, 'x')",
  "concat('x', NULL)",
  "decode($1, 'hex')",
  '1 + 2',
  "('a' || 'b')::char(1)",
  "lower('X'::char(5))",
  "substring('abc' FROM 'b')",
  "'a' || 1.50",
  'concat()',
]) {
  test(`not computed: ${value}`, () => {
    assert.match(verdict(`INSERT INTO users (email) VALUES (${value})`, catalog), /^refused/)
  })
}

test('a text is none of a number that is expected, nor a cast that may cut it', () => {
  for (const value of ["'1' || '2'", "lower('5')", '1 + 2::int2', '1.5 + 1', "'1'::int + 1"])
    assert.match(verdict(`UPDATE users SET age = ${value}`, catalog), /^refused/, value)
})

test('one plan serves all texts that compute alike, but for a text with a parameter in it', () => {
  const exact = (sql: string) => {
    const analysis = analyzeSql(sql, catalog)
    return analysis.kind === 'planned' && analysis.exact
  }
  assert.equal(exact("UPDATE users SET email = lower('x' || 'y')"), false)
  assert.equal(exact("UPDATE users SET email = lower('x' || $1)"), true)
})

test('a long chain of operators is looked at once', () => {
  const chain = Array<string>(200).fill("'a'").join('||')
  const analysis = analyzeSql(`INSERT INTO users (email) VALUES (${chain})`, searchableCatalog())
  assert.equal(analysis.kind, 'planned')
})
