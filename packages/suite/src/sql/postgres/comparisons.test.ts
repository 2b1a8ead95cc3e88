import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf, rewritten, verdict } from './testing/index.ts'

const catalog = catalogOf({
  tables: {
    'public.users': {
      columns: ['id', 'email', 'ssn', 'name', 'nick'],
      protect: ['email', 'ssn', 'name'],
      search: { email: 'prefix', ssn: 'whole' },
    },
    'public.orders': {
      columns: ['id', 'contact'],
      protect: ['contact'],
      search: { contact: 'prefix' },
    },
  },
})

/** A condition, and what becomes of it. */
const carried: readonly (readonly [string, string])[] = [
  ["email = 'x'", 'substr(email, 1, 33) = ANY (<forms>)'],
  ["email='x'and id=1", 'substr(email, 1, 33)= ANY (<forms>)and id=1'],
  ["email <> 'x'", 'substr(email, 1, 33) <> ALL (<forms>)'],
  ["email != (('x'))", 'substr(email, 1, 33) != ALL ((<forms>)))'.replace('ALL ((', 'ALL ( ((')],
  ["'x' = email", 'substr(email, 1, 33) = ANY (<forms>)'],
  ['$1 = u.email', 'substr(u.email, 1, 33) = ANY ( $1)'],
  ["email = text('x')", 'substr(email, 1, 33) = ANY (<forms>) '],
  [`email = 'x' COLLATE "C"`, 'substr(email, 1, 33) = ANY (<forms>) '],
  ["email = N'x'", 'substr(email, 1, 33) = ANY ( <forms>)'],
  ['email = $1::text', 'substr(email, 1, 33) = ANY ( $1) '],
  ["email = CAST('x' AS text)", 'substr(email, 1, 33) = ANY ( <forms>) '],
  ['u."email"::text = \'x\'', 'substr(u."email", 1, 33) = ANY (<forms>)'],
  ["email OPERATOR(pg_catalog.=) 'x'", 'substr(email, 1, 33) OPERATOR(=) ANY (<forms>)'],
  [
    "email IN ('x', $1::text, NULL)",
    'substr(email, 1, 33) OPERATOR(=) ANY ( <forms>::bytea[] OPERATOR(||) $1::bytea[] OPERATOR(||) ARRAY[NULL]::bytea[])',
  ],
  ["email NOT IN ('x')", 'substr(email, 1, 33) OPERATOR(<>) ALL ( <forms>::bytea[])'],
  ["email = ANY ('{x,y}'::text[])", 'substr(email, 1, 33) = ANY (<array> )'],
  ['email <> ALL ($1)', 'substr(email, 1, 33) <> ALL ($1)'],
  [
    "email = ANY (ARRAY['x', $1])",
    'substr(email, 1, 33) = ANY ( <forms>::bytea[] OPERATOR(||) $1::bytea[])',
  ],
  ["email <> ANY (ARRAY['x'])", 'substr(email, 1, 33) <> ANY (ARRAY[<value>]::bytea[])'],
  ["email IS DISTINCT FROM 'x'", 'substr(email, 1, 33) IS DISTINCT FROM <value>'],
  ["(id, email) = (1, 'x')", '(id, substr(email, 1, 33)) = (1, <value>)'],
  ["(email, id) IN (('x', 1))", '( substr(email, 1, 33), id) IN ((<value>, 1))'],
  ["CASE email WHEN 'x' THEN true END", 'CASE substr(email, 1, 33) WHEN <value> THEN true END'],
  ['email = (NULL)', 'substr(email, 1, 33) = (NULL)'],
  ["ssn = 'x'", 'ssn = <value>'],
  ["'x' = ssn", '<value> = ssn'],
  ["ssn IN ('x', $1)", 'ssn IN (<value>, $1)'],
  ["ssn = ANY ('{x}')", 'ssn = ANY (<array>)'],
  ["NOT (email = 'x') IS NOT FALSE", 'NOT ( substr(email, 1, 33) = ANY (<forms>)) IS NOT FALSE'],
]

for (const [condition, expected] of carried) {
  test(`carried: ${condition}`, () => {
    const found = rewritten(`SELECT id FROM users u WHERE ${condition}`, catalog)
    const spaced = (text: string) => text.replace(/\s+/g, ' ').replace(/\( /g, '(').trim()
    assert.equal(spaced(found), spaced(`SELECT id FROM users u WHERE ${expected}`))
  })
}

test('columns are compared by their hashes', () => {
  const found = rewritten('SELECT 1 FROM users u JOIN orders o ON o.contact = u.email', catalog)
  assert.match(found, /ON substr\(o\.contact, 1, 33\) = substr\(u\.email, 1, 33\)$/)
})

for (const condition of [
  "name = 'x'",
  "email < 'x'",
  "email LIKE 'x'",
  "lower(email) = 'x'",
  "email = md5('x')",
  'email = nick',
  'email = ssn',
  "email || 'x' = 'y'",
  "email = 'x'::char(3)",
  "email::varchar(3) = 'x'",
  'email = $1 AND nick = $1',
  'email BETWEEN $1 AND $2',
  'NULLIF(email, $1) IS NULL',
]) {
  test(`refused: ${condition}`, () => {
    assert.match(verdict(`SELECT id FROM users WHERE ${condition}`, catalog), /^refused/)
  })
}

/** Statements with one parameter in several ways, and what the database gets. */
for (const [statement, expected, values] of [
  [
    'UPDATE users SET email = $1, name = $1 WHERE id = $2',
    'UPDATE users SET email = $1, name = $3 WHERE id = $2',
    'users.email=$1 users.name=$3',
  ],
  [
    'UPDATE users SET email = $2 WHERE $2 = email OR email = ANY ($1)',
    'UPDATE users SET email = $2 WHERE substr(email, 1, 33) = ANY ( $3) OR substr(email, 1, 33) = ANY ($1)',
    'users.email=$2 users.email=$3 users.email=$1',
  ],
  [
    'SELECT 1 FROM users WHERE $1::text IS NULL OR email = $1::text',
    'SELECT 1 FROM users WHERE $2::bytea IS NULL OR substr(email, 1, 33) = ANY ( $1) ',
    'users.email=$2 users.email=$1',
  ],
  [
    'SELECT 1 FROM users WHERE $1::text IS NULL OR nick = $1::text AND email IS NULL',
    'SELECT 1 FROM users WHERE $1::text IS NULL OR nick = $1::text AND email IS NULL',
    'planned',
  ],
] as const) {
  test(`a parameter in several ways: ${statement}`, () => {
    const spaced = (text: string) => text.replace(/\s+/g, ' ').trim()
    const found = rewritten(statement, catalog)
    if (values === 'planned') assert.equal(found, 'untouched')
    else {
      assert.equal(spaced(found), spaced(expected))
      assert.equal(verdict(statement, catalog), values)
    }
  })
}

test('a parameter is not given in several ways where none can be added', () => {
  for (const statement of [
    'PREPARE q AS UPDATE users SET email = $1, name = $1',
    'UPDATE users SET email = $1, name = $1 /* $2 */',
    'UPDATE users SET email = $1, nick = $1',
    'SELECT 1 FROM users WHERE email = $1 AND nick = $1',
  ])
    assert.match(verdict(statement, catalog), /^refused: the parameter \$1/)
})
