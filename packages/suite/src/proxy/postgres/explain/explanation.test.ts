import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyzeText, loadParser, shapeOf } from '../../../sql/postgres/index.ts'
import { anyColumn, columnFor, loadEncryptorConfig } from '../../../transform/index.ts'
import { ColumnTable } from '../../columns.ts'
import { postgresTraits } from '../traits.ts'
import { definitionsFor } from './definitions.ts'
import { type Explanation, explanationOf } from './explanation.ts'
import { explanationLines } from './lines.ts'
import { askedFor, queryOf } from './statement.ts'

const yaml = `
schemas:
  - table: users
    columns: [id, email, name, card, note]
    encrypted:
      - { column: email, searchable: true, data_type: str }
      - { column: name, masking: xxx, plaintext_length: 2, plaintext_side: left }
      - { column: card, token_type: int32, tokenized: true, consistent_tokenization: true }
  - table: sales.Order
    encrypted:
      - { column: select, searchable: true, crypto_envelope: acrastruct }
`
const parser = await loadParser()

const KEPT = '; an envelope that opens is kept'

function explain(sql: string, onUnprotected: 'refuse' | 'pass' = 'refuse'): Explanation {
  const config = loadEncryptorConfig(yaml, 'c.yaml', postgresTraits, { onUnprotected })
  const columns = new ColumnTable(config.columns, columnFor, anyColumn)
  const text = Buffer.from(sql)
  const shape = shapeOf(text)
  return explanationOf(text, shape, analyzeText(parser, text, shape, config), columns)
}

test('a statement without protected columns is untouched, and nothing else is said of it', () => {
  assert.deepEqual(explain("SELECT id FROM users WHERE note = 'secret'"), {
    class: 'untouched',
    rewritten: null,
    values: [],
    answers: [],
    passed: [],
    refusal: null,
    indexes: [],
  })
})

test('a target with the name of its table before it is told as refused', () => {
  for (const sql of [
    "UPDATE users u SET u.email = 'secret'",
    'INSERT INTO users (users.name) VALUES ($1)',
  ]) {
    const { class: kind, refusal } = explain(sql)
    assert.equal(kind, 'refused')
    assert.match(refusal?.message ?? '', /^a statement gives a value to (u\.email|users\.name), /)
  }
})

test('values are told by their place, what they become and what they are for', () => {
  const sql = "INSERT INTO users (email, card, name)\nVALUES ('x', -7, $1), ($2, 5, 'y')"
  const { class: kind, values, answers } = explain(sql)
  assert.equal(kind, 'rewritten')
  assert.deepEqual(answers, [])
  assert.deepEqual(
    values.map(({ source, column, use, becomes }) => [source, column, use, becomes]),
    [
      [{ line: 2, column: 9 }, 'users.email', 'store', `search hash and AcraBlock${KEPT}`],
      [{ line: 2, column: 15 }, 'users.card', 'store', 'a consistent token (int32)'],
      [{ parameter: 1 }, 'users.name', 'store', NAME],
      [{ parameter: 2 }, 'users.email', 'store', `search hash and AcraBlock${KEPT}`],
      [{ line: 2, column: 28 }, 'users.card', 'store', 'a consistent token (int32)'],
      [{ line: 2, column: 31 }, 'users.name', 'store', NAME],
    ],
  )
})

const NAME = `2 bytes in the clear at the left, the others in an AcraBlock${KEPT}`

test('no value of the statement is in its explanation, wherever it stands', () => {
  const statements = [
    "SELECT email FROM users WHERE email = 'SECRET' AND note LIKE 'SECRET%' AND id = 4711",
    "SELECT id FROM users WHERE 'SECRET' = email",
    "SELECT id FROM users WHERE email IN ('SECRET', $$SECRET$$, E'SECRET') AND card = -4711",
    "UPDATE users SET note = 'SECRET', email = U&'SECRET' WHERE card IN (4711, 4712)",
    "SELECT lower(email || 'SECRET') FROM users",
    "COPY users FROM STDIN WITH (NULL 'SECRET')",
    "PREPARE q AS SELECT email FROM users WHERE email = 'SECRET'; EXECUTE q ('SECRET')",
    "SELECT 'SECRET' FROM",
  ]
  for (const onUnprotected of ['refuse', 'pass'] as const) {
    for (const sql of statements) {
      const explanation = explain(sql, onUnprotected)
      const said = `${JSON.stringify(explanation)}${explanationLines(explanation).join('\n')}`
      assert.doesNotMatch(said, /SECRET|471/, sql)
    }
  }
})

test('a comparison names the index that serves it, and the text shows what it becomes', () => {
  const { rewritten, indexes } = explain("SELECT id FROM users WHERE email = 'x' AND note = 'y'")
  assert.equal(
    rewritten,
    "SELECT id FROM users WHERE  pg_catalog.substr(email, 1, 33) = ANY (  '<users.email: to compare>') AND note = ?",
  )
  assert.deepEqual(indexes, [
    'CREATE INDEX IF NOT EXISTS users_email_search ON users (pg_catalog.substr(email, 1, 33));',
  ])
  assert.deepEqual(explain('SELECT id FROM users WHERE card = ANY ($1)').indexes, [
    'CREATE INDEX IF NOT EXISTS users_card_search ON users (card);',
  ])
})

test('columns of rows are protected ones, others, or of a number that nobody knows', () => {
  const { answers } = explain('SELECT id, name FROM users; SELECT o.* FROM sales."Order" o')
  assert.deepEqual(answers, [
    {
      statement: 1,
      note: null,
      columns: [
        { column: null, kind: 'unprotected', note: null },
        {
          column: 'users.name',
          kind: 'protected',
          note: 'decrypted, or masked for whom it cannot be decrypted',
        },
      ],
    },
    {
      statement: 2,
      note: null,
      columns: [
        {
          column: null,
          kind: 'unknown',
          note: 'columns of *, of a number that is not known: neither the encryptor config nor the schema learned, if any, lists them',
        },
      ],
    },
  ])
})

test('a parameter that is used in several ways is told once for each', () => {
  const { values } = explain('UPDATE users SET email = $1 WHERE email = $1')
  const uses = values.map(({ source, use }) => ({ ...source, use }))
  assert.equal(uses.length, 2)
  assert.deepEqual(new Set(uses.map(({ use }) => use)), new Set(['store', 'search']))
  assert.ok(uses.every((value) => 'parameter' in value && value.parameter === 1))
  assert.equal(uses.filter((value) => 'sentAs' in value && value.sentAs === 2).length, 1)
})

test('what is refused says why and a way out, and what passes in the clear is told apart', () => {
  const sql = 'SELECT lower(email) FROM users'
  const { class: kind, refusal, rewritten } = explain(sql)
  assert.equal(kind, 'refused')
  assert.equal(rewritten, null)
  assert.equal(refusal?.column, 'users.email')
  assert.match(refusal?.message ?? '', /^the SELECT list cannot use users\.email/)
  assert.match(refusal?.hint ?? '', /^Select the column as it is/)
  const passed = explain(sql, 'pass')
  assert.equal(passed.class, 'passed')
  assert.equal(passed.passed[0]?.column, 'users.email')
  assert.equal(explain('SELECT FROM WHERE').refusal?.sqlState, '42601')
})

test('of a long list of values the lines say how many more there are', () => {
  const rows = Array.from({ length: 150 }, () => "('x')").join(',')
  const explanation = explain(`INSERT INTO users (email) VALUES ${rows}`)
  assert.equal(explanation.values.length, 150)
  assert.ok(explanationLines(explanation).includes('  and 50 more'))
})

test('EXPLAIN PROTECTION is found behind blanks and comments, in any case, and nowhere else', () => {
  const asked = (sql: string) => askedFor(Buffer.from(sql))?.toString() ?? null
  assert.equal(asked('EXPLAIN PROTECTION SELECT 1'), 'SELECT 1')
  assert.equal(asked('\n/* a ** b */ -- c\n explain\tProtection\n(SELECT 1)'), '(SELECT 1)')
  assert.equal(asked('explain/**/protection--x\nSELECT 1'), '--x\nSELECT 1')
  for (const other of [
    '',
    'E',
    'EXPLAIN SELECT 1',
    'EXPLAIN PROTECTIONS',
    'EXPLAINPROTECTION SELECT 1',
    'EXECUTE protection',
    'SELECT 1 -- EXPLAIN PROTECTION',
    '/* EXPLAIN PROTECTION SELECT 1',
    `/*${' '.repeat(5000)}*/ EXPLAIN PROTECTION SELECT 1`,
  ])
    assert.equal(asked(other), null, other)
})

test('the query of an explanation is ASCII, and its strings hold whatever a line has in it', () => {
  const query = queryOf(["it's", 'back\\slash', 'Łódź 🐘']).toString('latin1')
  assert.match(query, /^[ -~]*$/)
  assert.match(
    query,
    /\(1,E'it''s'\),\(2,E'back\\\\slash'\),\(3,E'\\U00000141\\U000000f3d\\U0000017a \\U0001f418'\)/,
  )
})

test('definitions name each protected column, quote what needs it, and make those unique that are asked for', () => {
  const { tables } = loadEncryptorConfig(yaml, 'c.yaml', postgresTraits, {
    onUnprotected: 'refuse',
  })
  assert.deepEqual(definitionsFor(tables, new Set(['users.email', 'sales.Order.select'])), [
    '-- users.email: search hash and AcraBlock',
    "-- The column is of type bytea: ALTER TABLE users ALTER COLUMN email TYPE bytea USING convert_to(email::text, 'UTF8');",
    'CREATE UNIQUE INDEX IF NOT EXISTS users_email_unique ON users (pg_catalog.substr(email, 1, 33));',
    '',
    `-- users.name: ${NAME.replace(KEPT, '')}`,
    "-- The column is of type bytea: ALTER TABLE users ALTER COLUMN name TYPE bytea USING convert_to(name::text, 'UTF8');",
    '-- Its values cannot be compared: no index serves them.',
    '',
    '-- users.card: a consistent token (int32)',
    '-- The column is of type integer: ALTER TABLE users ALTER COLUMN card TYPE integer;',
    'CREATE INDEX IF NOT EXISTS users_card_search ON users (card);',
    '',
    '-- sales.Order.select: search hash and AcraStruct',
    `-- The column is of type bytea: ALTER TABLE sales."Order" ALTER COLUMN "select" TYPE bytea USING convert_to("select"::text, 'UTF8');`,
    'CREATE UNIQUE INDEX IF NOT EXISTS "Order_select_unique" ON sales."Order" (pg_catalog.substr("select", 1, 33));',
  ])
})
