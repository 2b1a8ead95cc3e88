import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Analysis } from '../analysis.ts'
import { analyzeSql, catalogOf, verdict } from './testing/index.ts'
import { catalog } from './testing/tables.ts'

const users = { columns: ['id', 'email', 'name', 'nick'], protect: ['email', 'name'] }
const passing = catalogOf({ tables: { 'public.users': users }, onUnprotected: 'pass' })

function refusal(analysis: Analysis) {
  assert.equal(analysis.kind, 'refused')
  return analysis.kind === 'refused' ? analysis.refusal : null
}

test('a refusal has an SQLSTATE, names the clause and the column, and shows a way out', () => {
  assert.deepEqual(refusal(analyzeSql("SELECT id FROM users WHERE email = 'secret'", catalog)), {
    sqlState: '0A000',
    message:
      'WHERE cannot use users.email in a comparison: the column is protected, the database holds only its encrypted form',
    hint: 'Select the column as it is, or test it by IS NULL or count(); compare and compute in the application.',
    column: catalog.table(null, 'users')?.protected.get('email'),
  })
})

test('SQL that does not parse is refused by 42601, one text at a time', () => {
  const analysis = analyzeSql("SELECT FROM WHERE 'secret", catalog)
  assert.equal(refusal(analysis)?.sqlState, '42601')
  assert.ok(analysis.kind === 'refused' && analysis.exact)
})

test('a text too deep for the parser or for the analysis is refused', () => {
  assert.equal(refusal(analyzeSql(`SELECT 1${'+1'.repeat(20_000)}`, catalog))?.sqlState, '54001')
  const deepest = analyzeSql(`SELECT ${'('.repeat(900)}id${')'.repeat(900)} FROM users`, catalog)
  assert.equal(deepest.kind, 'untouched')
})

test('names that are not UTF-8 cannot be compared, so they are refused; values may be anything', () => {
  const name = Buffer.from("INSERT INTO users (n\xe9) VALUES ('x')", 'latin1')
  assert.match(refusal(analyzeSql(name, catalog))?.message ?? '', /not UTF-8/)
  const value = Buffer.from("INSERT INTO users (email) VALUES ('\xe9')", 'latin1')
  assert.equal(analyzeSql(value, catalog).kind, 'planned')
})

test('without a protected column nothing is looked at', () => {
  const empty = catalogOf({ tables: { users: { columns: ['id'] } } })
  assert.equal(verdict('no SQL at all', empty), 'untouched')
})

test('no literal of a statement is in its refusal, but for what the client alone is told', () => {
  const statements = [
    "INSERT INTO users (email) VALUES ('secret'::char(3))",
    "SELECT my_function('secret')",
    "SELECT set_config('client_encoding', 'sjis', false), 'secret'",
    "CALL p('secret')",
    "SELECT 1 FROM contacts WHERE email = 'secret'",
    "SELECT 'secret",
  ]
  for (const sql of statements) {
    const { complaint: _, ...logged } = refusal(analyzeSql(sql, catalog)) ?? assert.fail()
    assert.doesNotMatch(JSON.stringify(logged), /secret|sjis/i)
  }
})

test('a parameter may be given to one protected column only, several times', () => {
  assert.equal(verdict('INSERT INTO users (email) VALUES ($1), ($1)', catalog), 'users.email=$1')
  assert.match(verdict('UPDATE users SET email = $1, nick = $1', catalog), /^refused/)
  assert.match(verdict('UPDATE users SET email = $1 WHERE id = (SELECT $1)', catalog), /^refused/)
})

test('slots are in the order of the text', () => {
  const sql =
    "UPDATE users SET name = $2, email = 'x' WHERE id IN (1, 2); INSERT INTO users (name, email) VALUES ('a', $1)"
  assert.equal(verdict(sql, catalog), "users.name=$2 users.email='x' users.name='a' users.email=$1")
})

test('where a verdict depends on what a literal says, it holds for this text only', () => {
  for (const [sql, exact] of [
    ['SELECT id, email FROM users ORDER BY 1', true],
    ['SELECT id, email FROM users ORDER BY 2', true],
    ['SELECT count(*), nick FROM users GROUP BY 2', true],
    ["SELECT set_config('x', 'y', false)", true],
    ["INSERT INTO users (email) VALUES (B'01')", true],
    ['INSERT INTO users (email) VALUES (1e5)', true],
    ["SELECT id, email FROM users WHERE nick = '1' ORDER BY id LIMIT 2", false],
    ["INSERT INTO users (id, email) VALUES (-1, 'x')", false],
    ["SELECT id FROM users WHERE email = 'x'", false],
  ] as const) {
    const analysis = analyzeSql(sql, catalog)
    assert.equal(analysis.kind !== 'untouched' && analysis.exact, exact, sql)
  }
})

test('pass mode forwards what it cannot protect, says so, and protects the rest', () => {
  for (const [sql, found] of [
    [
      "UPDATE users SET email = 'x' WHERE email = 'y' RETURNING email",
      "users.email='x' (email) passed: WHERE cannot use users.email in a comparison",
    ],
    [
      "INSERT INTO users (email, name) VALUES (md5('x'), 'y')",
      "users.name='y' passed: INSERT INTO users cannot protect the value of users.email",
    ],
    [
      "SELECT my_function('x'), email FROM users",
      '(other email) passed: the SELECT list gives a value to the function',
    ],
    [
      'SELECT lower(email), name FROM users ORDER BY name',
      '(other name) passed: the SELECT list cannot use users.email',
    ],
    ["DO 'x'", 'passed: DO'],
    [
      "COPY users FROM '/file'",
      'passed: COPY FROM a file of the database server writes users.email',
    ],
    ['this is no SQL', 'passed: SQL that acra-server cannot parse'],
    ["SELECT id FROM contacts WHERE email = 'x'", 'passed: WHERE gives a value to contacts.email'],
    ['CREATE RULE r AS ON INSERT TO x DO ALSO NOTHING', 'passed: a statement of this kind (Rule)'],
  ]) {
    assert.ok(verdict(sql, passing).startsWith(found), `${sql}\n${verdict(sql, passing)}`)
  }
})

test('a column that passes does not let through another that does not', () => {
  const one = catalogOf({
    tables: { 'public.users': { columns: users.columns, protect: ['email'] } },
    onUnprotected: 'pass',
  })
  const mixed = {
    ...one,
    table: (schema: string | null, name: string) =>
      one.table(schema, name) ?? catalog.table(schema, name),
  }
  assert.match(verdict("SELECT 1 FROM users, staff WHERE users.email = 'x'", mixed), /^passed/)
  assert.match(
    verdict("SELECT 1 FROM users u, staff s WHERE u.email = 'x' AND s.name = 'y'", mixed),
    /^refused: .*staff.name/,
  )
})

test('columns that are read alike may stand in one column of an answer', () => {
  const alike = { ...catalog, alike: () => true }
  const sql = 'SELECT email FROM users UNION ALL SELECT email FROM staff'
  assert.equal(verdict(sql, alike), '(email)')
  assert.match(verdict(sql, catalog), /^refused/)
})

test('whatever the text, there is a verdict', () => {
  const words = fc.constantFrom(
    ...'SELECT FROM users u WHERE email = IN ( ) , AS x JOIN ON USING id INSERT INTO VALUES UPDATE SET WITH UNION ALL ORDER BY GROUP 1 CASE WHEN THEN END NULL * . :: text ROW LATERAL'.split(
      ' ',
    ),
    "'x'",
    '$1',
  )
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (list) => {
      assert.ok(
        ['untouched', 'planned', 'refused'].includes(analyzeSql(list.join(' '), catalog).kind),
      )
    }),
    { numRuns: 2000 },
  )
})
