import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Analysis } from '../analysis.ts'
import { analyzeText } from './analyze.ts'
import { shapeOf } from './lex.ts'
import { loadParser, type ParserLimits } from './parse.ts'
import { searchableCatalog, verdict } from './testing/index.ts'

const catalog = searchableCatalog()
const parser = await loadParser()

function analyze(sql: string, limits: Partial<ParserLimits> = {}): Analysis {
  const text = Buffer.from(sql)
  return analyzeText(parser.within(limits), text, shapeOf(text), catalog)
}

function stateOf(sql: string, limits?: Partial<ParserLimits>): string {
  const analysis = analyze(sql, limits)
  return analysis.kind === 'refused' ? analysis.refusal.sqlState : analysis.kind
}

/** The steps that a statement takes, to a tenth. */
function stepsOf(sql: string): number {
  let [low, high] = [0, 64]
  while (stateOf(sql, { stepsMax: high }) === '54001') {
    assert.ok(high < 1e7, 'a statement that takes too many steps under any limit')
    low = high
    high *= 2
  }
  while (high - low > high / 10) {
    const middle = (low + high) / 2
    if (stateOf(sql, { stepsMax: middle }) === '54001') low = middle
    else high = middle
  }
  return high
}

const times = (count: number, make: (index: number) => string, between = '') =>
  Array.from({ length: count }, (_, index) => make(index)).join(between)
const within = (count: number, start: string, around: (inner: string, index: number) => string) => {
  let text = start
  for (let index = 0; index < count; index++) text = around(text, index)
  return text
}

/** Shapes of statements by their size. */
const growing: Readonly<Record<string, (size: number) => string>> = {
  'common tables that are each a union of the one before with itself': (size) =>
    `INSERT INTO users (name) WITH a0 AS (VALUES ('x'))${times(size, (n) => `, a${n + 1} AS (SELECT * FROM a${n} UNION ALL SELECT * FROM a${n})`)} SELECT * FROM a${size}`,
  'such unions with casts': (size) =>
    `INSERT INTO users (name) WITH a0 AS (SELECT 'x' AS v)${times(size, (n) => `, a${n + 1} AS (SELECT v::text FROM a${n} UNION ALL SELECT v::text FROM a${n})`)} SELECT * FROM a${size}`,
  'recursive common tables in each other': (size) =>
    within(
      size,
      'SELECT id FROM users',
      (q, n) => `WITH RECURSIVE r${n} AS (SELECT 1 AS id UNION ALL (${q})) SELECT id FROM r${n}`,
    ),
  'common tables in each other': (size) =>
    `INSERT INTO users (name) ${within(size, "SELECT 'x'", (q, n) => `WITH c${n} AS (${q}) SELECT * FROM c${n}`)}`,
  'scalar subqueries in each other': (size) =>
    within(
      size,
      'SELECT email FROM users',
      (q) => `SELECT id FROM users WHERE email = (${q.replace('id', 'email')})`,
    ),
  'lists of IN (SELECT ...) in each other': (size) =>
    within(size, 'SELECT email FROM users', (q) => `SELECT email FROM users WHERE email IN (${q})`),
  'an operator after the other': (size) =>
    `INSERT INTO users (name) VALUES ('a'${times(size, () => " || 'b'")})`,
  'comparisons with OR between them': (size) =>
    `SELECT id FROM users WHERE ${times(size, () => "email = 'x'", ' OR ')}`,
  'set operations after each other': (size) =>
    `SELECT email FROM users${times(size, () => ' UNION SELECT email FROM users')}`,
  'calls in each other that are compared': (size) =>
    `SELECT id FROM users WHERE ${within(size, 'nick', (q) => `(lower(${q}) = 'x')`)}`,
  'columns of a long FROM': (size) =>
    `SELECT ${times(size, (n) => `u${n}.id`, ', ')} FROM ${times(size, (n) => `users u${n}`, ', ')}`,
  'rows of VALUES': (size) =>
    `INSERT INTO users (name) SELECT * FROM (VALUES ${times(size, () => "('x')", ', ')}) v`,
  'columns that are set together': (size) =>
    `UPDATE users SET (${times(size, () => 'name', ', ')}) = (SELECT ${times(size, () => 'name', ', ')} FROM staging)`,
}

for (const [name, make] of Object.entries(growing)) {
  test(`the steps for ${name} grow as the text does`, () => {
    const [small, large] = [stepsOf(make(12)), stepsOf(make(48))]
    assert.ok(large <= 8 * small, `${small} steps for 12, ${large} for 48`)
  })
}

test('an operator after the other is planned up to the limit of nesting', () => {
  const sum = (count: number) => `SELECT email, 1${'+1'.repeat(count)} FROM users`
  assert.equal(stateOf(sum(980)), 'planned')
  assert.equal(stateOf(sum(1100)), '54001')
  const text = (count: number) => `INSERT INTO users (name) VALUES ('a'${" || 'b'".repeat(count)})`
  assert.equal(stateOf(text(980)), 'planned')
})

test('columns that multiply are refused, with a way out', () => {
  const sql = (size: number) =>
    `WITH a0 AS (SELECT * FROM users)${times(size, (n) => `, a${n + 1} AS (SELECT * FROM a${n} x, a${n} y)`)} SELECT 1 FROM a${size}`
  assert.equal(stateOf(sql(8)), 'untouched')
  for (const size of [16, 40]) {
    const analysis = analyze(sql(size))
    assert.equal(analysis.kind, 'refused')
    if (analysis.kind !== 'refused') return
    const { sqlState, message, hint } = analysis.refusal
    assert.equal(sqlState, '54001')
    assert.match(message, /too many columns/)
    assert.match(hint ?? '', /--statement_columns_max/)
  }
})

test('the limits are those of the settings, and grow with a text of more than 64 KiB', () => {
  const select = `SELECT ${times(100, () => '*', ', ')} FROM users`
  assert.equal(stateOf(select, { columnsMax: 400 }), '54001')
  assert.equal(stateOf(select, { columnsMax: 600 }), 'planned')
  assert.equal(stateOf(`${select} -- ${' '.repeat(2 * 65_536)}`, { columnsMax: 400 }), 'planned')
  const far = `${select} -- ${' '.repeat(40 * 65_536)}`
  assert.equal(stateOf(far, { columnsMax: 20 }), '54001')
  assert.equal(stateOf('SELECT 1, 2, 3, email FROM users', { nodesMax: 8 }), '54001')
  assert.equal(stateOf('SELECT 1, 2, 3, email FROM users', { stepsMax: 2 }), '54001')
  assert.equal(stateOf(`SELECT '${'x'.repeat(2000)}' FROM users`, { textSizeMax: 1000 }), '54001')
})

test('what a recursive query gives is followed until it is the same', () => {
  const sql = `WITH RECURSIVE r (a, b, c, d, e) AS (
    SELECT id, id, id, id, 1 FROM plain UNION ALL SELECT b, c, d, e, e FROM r
  ) SELECT public.f(a) FROM r`
  assert.match(verdict(sql, catalog), /^refused: .*public\.f/)
})
