/** Statements that take far more work than they are long: an error or a result, and who was there before is answered as ever. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findCanary, searchable } from '../canary.ts'
import { message } from '../frontend.ts'
import { errorOf, type RawClient } from '../raw-client.ts'
import { type Arena, openArena } from './arena.ts'

const canary = 'kestrel7731quill'

let arena: Arena
let bystander: RawClient
before(async () => {
  arena = await openArena()
  bystander = await arena.connect()
})
after(async () => {
  await bystander.close()
  await arena.stop()
})

const many = (count: number, make: (index: number) => string, between = '') =>
  Array.from({ length: count }, (_, index) => make(index)).join(between)
const insert = (value: string) => `INSERT INTO people (id, email) VALUES (1, ${value})`
const doubling = (from: string, next: (name: string) => string, levels: number) =>
  `WITH a0 AS (${from})${many(levels, (n) => `, a${n + 1} AS (${next(`a${n}`)})`)}`
const nested = (
  levels: number,
  inner: string,
  around: (query: string, level: number) => string,
) => {
  let text = inner
  for (let level = 0; level < levels; level++) text = around(text, level)
  return text
}

/** What is said, and the SQLSTATEs that may come of it; empty: none. */
const attacks: Readonly<Record<string, readonly [sql: () => string, states: readonly string[]]>> = {
  'rows of common tables that double': [
    () =>
      `INSERT INTO people (email) ${doubling(`VALUES ('${canary}')`, (a) => `SELECT * FROM ${a} UNION ALL SELECT * FROM ${a}`, 40)} SELECT * FROM a40 LIMIT 0`,
    ['23502', '54001', ''],
  ],
  'columns of common tables that double': [
    () =>
      `${doubling('SELECT * FROM people', (a) => `SELECT * FROM ${a} x, ${a} y`, 40)} SELECT 1 FROM a40`,
    ['54001'],
  ],
  'recursive queries in each other': [
    () =>
      nested(
        30,
        'SELECT id FROM people',
        (q, n) => `WITH RECURSIVE r${n} AS (SELECT 1 AS id UNION ALL (${q})) SELECT id FROM r${n}`,
      ),
    [''],
  ],
  'recursive queries in each other that change at each look': [
    () =>
      nested(
        25,
        "SELECT '1'::int AS id, 1 AS b, 1 AS c FROM people",
        (q, n) =>
          `WITH RECURSIVE r${n} (id, b, c) AS (SELECT id, id, id FROM people UNION ALL (SELECT r.b, r.c, 1 FROM r${n} r, (${q}) x)) SELECT id, b, c FROM r${n}`,
      ),
    ['', '54001', '42P19', '42804'],
  ],
  'SET of lists in each other': [
    () =>
      nested(
        30,
        'SELECT 1, 2',
        (q) => `WITH w AS (UPDATE notes SET (id, text) = (${q}) RETURNING 1) SELECT 1, 2`,
      ),
    ['54001'],
  ],
  'a million statements': [() => 'SELECT 1;'.repeat(1_000_000), ['54001']],
  'a number of 10 MB': [() => insert('7'.repeat(10_000_000)), ['0A000']],
  'a number of 10 MB with a point behind its zeros': [
    () => insert(`${'0'.repeat(10_000_000)}.`),
    ['0A000'],
  ],
  'a number of 10 MB that is added to': [() => insert(`${'7'.repeat(10_000_000)} + 1`), ['0A000']],
  'a hexadecimal number of 10 MB': [() => insert(`0x${'7'.repeat(10_000_000)}`), ['0A000']],
  'quotes by the megabyte': [() => insert(`'${"''".repeat(5_000_000)}'`), ['']],
  '15 MB of brackets': [() => `SELECT ${'('.repeat(15_000_000)}`, ['54001']],
  'operations of sets in a row': [
    () => `SELECT id FROM people${' UNION ALL SELECT id FROM people'.repeat(900)}`,
    [''],
  ],
  'base64 of 8 MB': [
    () =>
      `INSERT INTO people (id, photo) VALUES (1, decode('${'YWJj'.repeat(2_000_000)}', 'base64'))`,
    [''],
  ],
  '60,000 values in IN': [
    () => `SELECT email FROM people WHERE id IN (${many(60_000, String, ',')})`,
    [''],
  ],
  'LIKE with a pattern of a megabyte': [
    () => `SELECT email FROM people WHERE name LIKE '${'%a'.repeat(500_000)}'`,
    [''],
  ],
}

for (const [name, [sql, states]] of Object.entries(attacks)) {
  test(`${name}: ${states.map((state) => state || 'a result').join(' or ')}`, async () => {
    const text = sql()
    arena.front.tap.take()
    const client = await arena.connect()
    client.send(message.query(text))
    const answers = await client.untilReady()
    const codes = answers.filter(({ type }) => type === 'E').map((answer) => errorOf(answer).code)
    assert.ok(states.includes(codes[0] ?? ''), `${codes}`)
    assert.equal(findCanary(canary, searchable(arena.front.tap.take().toDatabase)), null)
    if (codes[0] === '54001') {
      const error = answers.find(({ type }) => type === 'E') ?? assert.fail()
      assert.notEqual(errorOf(error).hint, '')
    }
    await client.close()
    const served = await bystander.query('SELECT 1')
    assert.ok(served.some(({ type }) => type === 'D'))
  })
}

test('another client is answered while one says what is refused, again and again', async () => {
  const sql = `${doubling('SELECT * FROM people', (a) => `SELECT * FROM ${a} x, ${a} y`, 40)} SELECT 1 FROM a40`
  const attacker = await arena.connect()
  const count = 50
  attacker.send(...Array.from({ length: count }, (_, n) => message.query(`${sql} -- ${n}`)))
  let refused = 0
  const attack = (async () => {
    for (; refused < count; refused++) await attacker.untilReady()
  })()
  let served = 0
  while (refused < count) {
    const answers = await bystander.query('SELECT 1')
    assert.ok(answers.some(({ type }) => type === 'D'))
    served++
  }
  await attack
  await attacker.close()
  assert.ok(served > 0, 'nobody else was answered')
})
