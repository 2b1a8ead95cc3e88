/**
 * Where a string of a statement ends depends on settings of the session, and what a client sends ahead can change them: the
 * database must nevertheless read every text as acra-server has read it.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { message, type Value } from '../frontend.ts'
import { directly } from '../people.ts'
import { type Arena, openArena, typesOf } from './arena.ts'

const canary = 'kestrel9917quill'

let arena: Arena
before(async () => {
  arena = await openArena()
  await directly(arena.lab.database, (client) =>
    client.query(`
      CREATE FUNCTION flip() RETURNS text LANGUAGE sql
        AS $$ SELECT set_config('standard_conforming_strings', 'off', false) $$;
      CREATE ROLE old_fashioned SUPERUSER LOGIN;
      ALTER ROLE old_fashioned SET standard_conforming_strings = off`),
  )
})
after(() => arena.stop())

const { query, parse, bind, execute, sync, functionCall } = message
const text = (value: string): Value => ({ format: 0, bytes: Buffer.from(value) })
const setConfigOid = 2078

/** A query of two strings; where a backslash escapes a quote, one of a string and an INSERT of the canary. */
const twoFaced = `SELECT '\\', ' ; INSERT INTO people (id, email) VALUES (1, $$${canary}$$); --'`

/** The same for the second byte of a Japanese character, which is a backslash: read as UTF-8 it escapes the quote. */
const twoFacedCharacter = Buffer.from(
  `SELECT E'\x83\\' ; INSERT INTO people (id, email) VALUES (1, $$${canary}$$); --'`,
  'latin1',
)

/** Ways to change a setting whose success is not known when the next message comes. */
const flips: Readonly<Record<string, (setting: string, value: string) => Buffer[]>> = {
  SET: (setting, value) => [query(`SET ${setting} = ${value}`)],
  'set_config with parameters': (setting, value) => [
    parse('SELECT set_config($1, $2, false)'),
    bind([text(setting.toUpperCase()), text(value)]),
    execute(),
    sync(),
  ],
  'set_config with the value as a parameter': (setting, value) => [
    parse(`SELECT set_config('${setting}', $1, false)`),
    bind([text(value)]),
    execute(),
    sync(),
  ],
  'set_config of a prepared statement': (setting, value) => [
    query('PREPARE flip AS SELECT set_config($1, $2, false)'),
    bind([text(setting), text(value)], { statement: 'flip' }),
    execute(),
    sync(),
  ],
  'set_config by the fast path': (setting, value) => [
    functionCall(setConfigOid, [setting, value, 'f']),
  ],
  'an update of pg_settings': (setting, value) => [
    query(`UPDATE pg_settings SET setting = '${value}' WHERE name = '${setting}'`),
  ],
}

const strings = 'standard_conforming_strings'

for (const [name, flip] of Object.entries(flips)) {
  test(`${name} sent ahead does not move the ends of strings`, async () => {
    await runAhead(flip(strings, 'off'), query(twoFaced))
  })
  test(`${name} sent ahead does not move the ends of characters`, async () => {
    await runAhead(flip('client_encoding', 'SJIS'), message.queryBytes(twoFacedCharacter))
  })
}

test('a function of the database does not move the ends of strings', async () => {
  await runAhead([query('SELECT flip()')], query(twoFaced))
})

test('strings with backslashes are refused behind a setting that may make them escapes, and only those', async () => {
  const client = await arena.connect()
  assert.equal(typesOf(await client.query(`SET ${strings} = off`)), 'CZ')
  assert.equal(typesOf(await client.query("SELECT 'a\\b'")), 'EZ')
  assert.equal(typesOf(await client.query("SELECT 'ab', E'a\\b', $$a\\b$$")), 'TDCZ')
  assert.equal(typesOf(await client.query(`SET ${strings} = on`)), 'CZ')
  assert.equal(typesOf(await client.query("SELECT 'a\\b'")), 'TDCZ')
  await client.query('BEGIN')
  await client.query(`SET LOCAL ${strings} = off`)
  // Whether the ROLLBACK comes to pass is not known when the next one is sent.
  client.send(query('ROLLBACK'), query("SELECT 'a\\b'"))
  assert.equal(typesOf(await client.untilReady()), 'CZ')
  assert.equal(typesOf(await client.untilReady()), 'EZ')
  assert.equal(typesOf(await client.query("SELECT 'a\\b'")), 'TDCZ')
  await client.close()
})

test('the encoding of a client may be a parameter of set_config, if strings end in it where they do in ASCII', async () => {
  const client = await arena.connect()
  const setTo = (encoding: string) => [
    parse("SELECT set_config('client_encoding', $1, false)"),
    bind([text(encoding)]),
    execute(),
    sync(),
  ]
  client.send(...setTo('LATIN1'))
  assert.equal(typesOf(await client.untilReady()), '12DCZ')
  client.send(...setTo('SJIS'))
  assert.equal(typesOf(await client.untilReady()), '1EZ')
  await client.close()
})

test('settings of other names may be parameters', async () => {
  const client = await arena.connect()
  client.send(
    parse('SELECT set_config($1, $2, false)'),
    bind([text('app.tenant'), text('7')]),
    execute(),
    sync(),
  )
  assert.equal(typesOf(await client.untilReady()), '12DCZ')
  await client.close()
})

/** Sends all at once; nothing of it may have stored anything. */
async function runAhead(flip: readonly Buffer[], then: Buffer): Promise<void> {
  const client = await arena.connect()
  client.send(...flip, then, sync(), query('SELECT 1'))
  // How often the database is ready depends on what is refused: the last answer is that of SELECT 1.
  let answers = ''
  while (!answers.endsWith('ZTDCZ')) {
    const answer = await client.next()
    assert.ok(answer, 'no answer')
    answers += typesOf([answer])
  }
  await client.close()
  assert.deepEqual(await peopleStored(), [])
}

test('where a role has the setting off, a text with a backslash is refused, and others work', async () => {
  const client = await arena.connect({ user: 'old_fashioned' })
  assert.equal(typesOf(await client.query(twoFaced)), 'EZ')
  assert.equal(
    typesOf(await client.query(`INSERT INTO people (id, email) VALUES (2, '${canary}')`)),
    'CZ',
  )
  assert.equal(typesOf(await client.query('SELECT email FROM people')), 'TDCZ')
  await client.close()
  const stored = await peopleStored()
  assert.equal(stored.length, 1)
  assert.match(stored[0] ?? '', /^\\x252525/)
})

test('strings with backslashes mean what they say', async () => {
  const client = await arena.connect()
  for (const [literal, meaning] of [
    ["'\\'", '\\'],
    ["'a\\'", 'a\\'],
    ["'\\''x'", "\\'x"],
    ["'a\\'\n -- it\\'s a comment\n'b\\'", 'a\\b\\'],
    ["E'\\'\\\\'", "'\\"],
    ["$$\\'$$", "\\'"],
    ["text'\\'", '\\'],
    ["U&'\\0061!' || '\\'", 'a!\\'],
  ] as const) {
    for (const sql of [`SELECT ${literal}, '\\'`, `SELECT ${literal} AS "it\\'s", '\\' -- \\'`]) {
      const answer = await client.query(sql)
      assert.equal(typesOf(answer), 'TDCZ', sql)
      const row = answer.find(({ type }) => type === 'D')
      assert.deepEqual(arena.cellsOf(row ?? assert.fail()), [meaning, '\\'], sql)
    }
  }
  assert.equal(
    typesOf(await client.query("SELECT 'a!b' LIKE 'a!!b' ESCAPE '!', 'x' LIKE 'x' ESCAPE '\\'")),
    'TDCZ',
  )
  await client.close()
})

async function peopleStored(): Promise<string[]> {
  const { rows } = await directly(arena.lab.database, (client) =>
    client.query<{ email: string }>('SELECT email::text AS email FROM people'),
  )
  return rows.map(({ email }) => email)
}
