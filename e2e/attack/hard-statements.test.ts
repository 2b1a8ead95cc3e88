/** Statements that are too deep, too long, or no text, and values that do not fit: an error or a result, no value in the clear, and others go on. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findCanary, searchable } from '../canary.ts'
import { message } from '../frontend.ts'
import { cellsOf, errorOf, type RawClient } from '../raw-client.ts'
import { type Arena, openArena } from './arena.ts'

const canary = 'kestrel7731quill'
const hint = Buffer.from(canary)

let arena: Arena
/** A connection that was there before, and must not notice anything. */
let bystander: RawClient
before(async () => {
  arena = await openArena()
  bystander = await arena.connect()
})
after(async () => {
  await bystander.close()
  await arena.stop()
})

/** Says the messages on a connection of its own; resolves to its SQLSTATEs, and to whether it can go on. */
async function say(
  messages: readonly Buffer[],
  parameters?: Readonly<Record<string, string>>,
): Promise<{ codes: string[]; goesOn: boolean }> {
  arena.front.tap.take()
  const client = await arena.connect({}, parameters)
  client.send(...messages)
  const answers = await client.untilReady()
  const codes = answers.filter(({ type }) => type === 'E').map((answer) => errorOf(answer).code)
  const goesOn = answers.at(-1)?.type === 'Z'
  if (goesOn) {
    const next = await client.query('SELECT 1')
    assert.ok(next.some(({ type }) => type === 'D'))
    await client.close()
  }
  const sent = searchable(arena.front.tap.take().toDatabase)
  assert.equal(findCanary(canary, sent), null)
  await serves(bystander)
  await serves(await arena.connect())
  return { codes, goesOn }
}

/** A protected value is written and read back. */
async function serves(client: RawClient): Promise<void> {
  await client.query('BEGIN')
  await client.query("INSERT INTO people (id, email) VALUES (900, 'ann@example.org')")
  const answers = await client.query('SELECT email FROM people WHERE id = 900')
  const row = answers.find(({ type }) => type === 'D') ?? assert.fail('no row')
  assert.deepEqual(arena.cellsOf(row), ['ann@example.org'])
  await client.query('ROLLBACK')
  if (client !== bystander) await client.close()
}

const depth = 100_000
const insert = (value: string) => `INSERT INTO people (id, email) VALUES (1, ${value})`
const deep: Readonly<Record<string, string>> = {
  brackets: insert(`${'('.repeat(depth)}'${canary}'${')'.repeat(depth)}`),
  'brackets that do not close': insert(`${'('.repeat(depth)}'${canary}'`),
  operators: `${insert(`'${canary}'`)} RETURNING 1${'+1'.repeat(depth)}`,
  signs: `${insert(`'${canary}'`)} RETURNING ${'- '.repeat(depth)}1`,
  NOT: `SELECT id FROM people WHERE ${'NOT '.repeat(depth)} email = '${canary}'`,
  subqueries: `${'SELECT * FROM ('.repeat(20_000)}SELECT '${canary}'${') x'.repeat(20_000)}`,
  CASE: insert(`${'CASE WHEN true THEN '.repeat(20_000)}'${canary}'${' END'.repeat(20_000)}`),
  arrays: `SELECT ${'ARRAY['.repeat(depth)}'${canary}'${']'.repeat(depth)} FROM people`,
  comments: `${insert(`'${canary}'`)} ${'/*'.repeat(depth)}`,
}

for (const [name, sql] of Object.entries(deep)) {
  test(`deep nesting of ${name} is refused, by Query and by Parse, and the connection goes on`, async () => {
    const simple = await say([message.query(sql)])
    assert.deepEqual(simple, { codes: simple.codes.slice(0, 1), goesOn: true })
    assert.match(simple.codes[0] ?? '', /^(?:0A000|42601|54\d\d\d)$/)
    const extended = await say([message.parse(sql), message.sync()])
    assert.deepEqual(extended, simple)
  })
}

test('a statement of 10 MB is protected, and its value comes back whole', async () => {
  const value = canary.repeat(10 * 2 ** 16)
  const client = await arena.connect()
  arena.front.tap.take()
  const written = await client.query(insert(`'${value}'`))
  assert.ok(written.some(({ type }) => type === 'C'))
  assert.equal(findCanary(canary, searchable(arena.front.tap.take().toDatabase)), null)
  const answers = await client.query('SELECT email FROM people WHERE id = 1')
  const row = answers.find(({ type }) => type === 'D') ?? assert.fail('no row')
  assert.ok(cellsOf(row)[0]?.equals(Buffer.from(value)))
  await client.close()
  await serves(bystander)
})

test('many statements of a megabyte of rows leave the parser as it was', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `(${i + 10}, '${canary}')`)
  const sql = `INSERT INTO people (id, email) VALUES ${rows.join(', ')} -- `
  for (let round = 0; round < 3; round++) {
    const { goesOn } = await say([message.query(`BEGIN; ${sql}${round}\n; ROLLBACK`)])
    assert.ok(goesOn)
  }
})

test('bytes that are not UTF-8 are refused or answered, and not sent in the clear', async () => {
  const text = Buffer.concat([
    Buffer.from("INSERT INTO people (id, email) VALUES (1, '"),
    Buffer.of(0xff, 0xc0, 0x80),
    hint,
    Buffer.from("')"),
  ])
  const { codes, goesOn } = await say([message.queryBytes(text)])
  assert.ok(goesOn)
  assert.ok(codes.length <= 1)
})

test('a zero byte in a statement is an error of the protocol', async () => {
  const text = Buffer.concat([Buffer.from(insert(`'${canary}`)), Buffer.of(0), Buffer.from("x')")])
  const { codes } = await say([message.queryBytes(text)])
  assert.deepEqual(codes, ['08P01'])
})

test('in LATIN1 a value comes back as the bytes that were sent, or is refused', async () => {
  const value = Buffer.concat([hint, Buffer.of(0xe9, 0xfc)])
  const text = Buffer.concat([
    Buffer.from("INSERT INTO people (id, email) VALUES (1, '"),
    value,
    Buffer.from("') RETURNING email"),
  ])
  arena.front.tap.take()
  const client = await arena.connect({}, { client_encoding: 'LATIN1' })
  client.send(message.queryBytes(text))
  const answers = await client.untilReady()
  assert.equal(findCanary(canary, searchable(arena.front.tap.take().toDatabase)), null)
  const row = answers.find(({ type }) => type === 'D')
  if (row) assert.ok(cellsOf(row)[0]?.equals(value))
  else assert.match(errorOf(answers.find(({ type }) => type === 'E') ?? assert.fail()).hint, /./)
  await client.close()
})

/** Bind for the unnamed statement, with counts as they are given. */
function bind(formats: readonly number[], values: readonly string[], results: readonly number[]) {
  const int16 = (value: number) => Buffer.of(value >> 8, value & 255)
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  }
  const body = Buffer.concat([
    Buffer.of(0, 0),
    int16(formats.length),
    ...formats.map(int16),
    int16(values.length),
    ...values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]),
    int16(results.length),
    ...results.map(int16),
  ])
  return Buffer.concat([Buffer.from('B'), int32(body.length + 4), body])
}

const counts: Readonly<Record<string, Buffer>> = {
  'too few values': bind([], ['1'], []),
  'too many values': bind([], ['1', canary, 'x'], []),
  'no values': bind([], [], []),
  'too many formats': bind([0, 0, 0], ['1', canary], []),
  'formats for some values': bind([0, 0, 1, 1], ['1', canary], []),
  'too many result formats': bind([], ['1', canary], [0, 0, 0]),
  'a format that is none': bind([0, 7], ['1', canary], []),
}

for (const [name, bytes] of Object.entries(counts)) {
  test(`Bind with ${name} is an error, and the connection goes on or ends`, async () => {
    const sql = 'INSERT INTO people (id, email) VALUES ($1, $2) RETURNING id, email'
    const { codes } = await say([message.parse(sql), bytes, message.execute(), message.sync()])
    assert.equal(codes.length, 1)
    assert.match(codes[0] ?? '', /^(?:08P01|22023|0A000)$/)
  })
}
