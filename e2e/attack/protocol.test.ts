/**
 * Messages in any order, cut anywhere, sent without waiting for an answer: through acra-server the same types of messages come back as
 * from a database by itself, and no value of a protected column reaches the database.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { findCanary, searchable } from '../canary.ts'
import { message, startup, type Value } from '../frontend.ts'
import { directly } from '../people.ts'
import { type Arena, openArena } from './arena.ts'
import { firstSeed, type Random, randomFrom, runsOf } from './random.ts'

const canary = 'kestrel9917quill'

let arena: Arena
before(async () => {
  arena = await openArena()
})
after(() => arena.stop())

/** A message as it is sent, and its name for who reads a failure. */
interface Said {
  readonly name: string
  /** To acra-server, and to the database alone where that has to be another statement that fails. */
  readonly bytes: Buffer
  readonly direct: Buffer
}

type Say = (name: string, bytes: Buffer, direct?: Buffer) => void

/** What acra-server refuses, each with something that the database cannot parse. */
const refused = [
  "SELECT lower(email) FROM people WHERE email = 'kestrel9917quill'",
  'SELEC',
] as const

/** Statements with the number of their parameters. */
const statements: readonly (readonly [sql: string, parameters: number])[] = [
  ['INSERT INTO people (id, email) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING', 2],
  ['INSERT INTO people (id, email) VALUES ($1, $2) RETURNING id, email', 2],
  [`INSERT INTO people (id, email) VALUES (1, '${canary}') ON CONFLICT DO NOTHING`, 0],
  ['UPDATE people SET email = $2 WHERE id = $1', 2],
  ['SELECT id, email, photo FROM people ORDER BY id', 0],
  ['SELECT * FROM people, generate_series(1, 3)', 0],
  ['SELECT generate_series(1, 5)', 0],
  ['SELECT', 0],
  ['', 0],
  ['SELECT 1/0', 0],
  ['SELECT * FROM nowhere', 0],
  ['SELEC', 0],
  ['DELETE FROM notes', 0],
  ['BEGIN', 0],
  ['COMMIT', 0],
  ['ROLLBACK', 0],
  ['SAVEPOINT a', 0],
  ['ROLLBACK TO a', 0],
  ['DECLARE p CURSOR WITH HOLD FOR SELECT email FROM people', 0],
  ['DECLARE q BINARY CURSOR FOR SELECT id, email FROM people', 0],
  ['FETCH 1 FROM p', 0],
  ['FETCH ALL FROM q', 0],
  ['CLOSE p', 0],
  ['PREPARE s AS SELECT email FROM people', 0],
  ['EXECUTE s', 0],
  ['DEALLOCATE s', 0],
  ['DEALLOCATE ALL', 0],
  ['DISCARD ALL', 0],
  ['SET application_name = x', 0],
  ['LISTEN x', 0],
  ['NOTIFY x', 0],
  ['COPY notes TO STDOUT', 0],
]

/** Statements whose values pass as they are: with them among the others only what is stored tells of a leak. */
const unprotected: typeof statements = [
  ['INSERT INTO notes VALUES ($1, $2)', 2],
  ['SELECT $1::integer, $2::text', 2],
]

/** Simple queries of several statements. */
const texts = [
  'SELECT 1; SELECT email FROM people; SELECT 2',
  'SELECT 1; SELECT 1/0; SELECT 2',
  ';;',
  `BEGIN; INSERT INTO people (id, email) VALUES (2, '${canary}') ON CONFLICT DO NOTHING; COMMIT`,
  'DECLARE p CURSOR FOR SELECT email FROM people; FETCH 1 FROM p; FETCH 1 FROM p',
]

const names = ['', 's', 't'] as const
/** Where every value is a canary, this name is kept for statements that protect theirs: values for others are for no column. */
const valueName = 't'
const portals = ['', 'p', 'q'] as const

function saidBy(random: Random, isMixed: boolean): Said[] {
  const said: Said[] = []
  const say: Say = (name, bytes, direct = bytes) => said.push({ name, bytes, direct })
  /** How many parameters a statement of a name probably has. */
  const counts = new Map<string, number>()
  const length = 4 + random.int(24)
  while (said.length < length) {
    const name = random.pick(names)
    const portal = random.pick(portals)
    switch (random.int(14)) {
      case 0:
      case 1:
      case 2: {
        const [sql, count] = random.pick(poolOf(name, isMixed))
        counts.set(name, count)
        say(`Parse ${name}: ${sql}`, message.parse(sql, { name }))
        break
      }
      case 3:
      case 4:
      case 5: {
        const expected = counts.get(name) ?? 0
        const count = random.oneIn(12) ? random.int(3) : expected
        const value = isMixed || name === valueName ? canary : 'for no column'
        const values = Array.from({ length: count }, (_, i) => valueAt(i, value, random))
        const results = random.oneIn(3) ? 1 : 0
        say(
          `Bind ${portal} to ${name} (${count})`,
          message.bind(values, { portal, statement: name, results }),
        )
        break
      }
      case 6:
        if (random.oneIn(2)) say(`Describe statement ${name}`, message.describe('S', name))
        else say(`Describe portal ${portal}`, message.describe('P', portal))
        break
      case 7:
      case 8: {
        const maxRows = random.int(3)
        say(`Execute ${portal} (${maxRows})`, message.execute({ portal, maxRows }))
        break
      }
      case 9:
        if (random.oneIn(2)) say(`Close statement ${name}`, message.close('S', name))
        else say(`Close portal ${portal}`, message.close('P', portal))
        break
      case 10:
        say(`refused Parse ${name}`, ...refusedPair((sql) => message.parse(sql, { name })))
        break
      case 11:
      case 12:
        // A query right behind other messages finds PostgreSQL in a state that it calls unexpected.
        say('Sync', message.sync())
        if (random.oneIn(3)) break
        queryOrCopy(random, say)
        break
      case 13:
        say('Flush', message.flush())
        break
    }
  }
  say('Sync', message.sync())
  say('Query: ROLLBACK', message.query('ROLLBACK'))
  say('Query: SELECT 1', message.query('SELECT 1'))
  say('Terminate', message.terminate())
  return said
}

function queryOrCopy(random: Random, say: Say): void {
  const kind = random.int(5)
  if (kind === 0) say('refused Query', ...refusedPair(message.query))
  else if (kind === 1) copy(random, say)
  else {
    const sql = random.oneIn(3) ? random.pick(texts) : random.pick(statements)[0]
    say(`Query: ${sql}`, message.query(sql))
  }
}

function poolOf(name: string, isMixed: boolean): typeof statements {
  if (isMixed) return [...statements, ...unprotected]
  return statements.filter(([, count]) => count > 0 === (name === valueName))
}

function refusedPair(make: (sql: string) => Buffer): [Buffer, Buffer] {
  return [make(refused[0]), make(refused[1])]
}

/** A copy into a table without protected columns, by Query or by Execute, whole, failing, or with a Sync too many. */
function copy(random: Random, say: Say): void {
  const sql = random.pick([
    'COPY notes FROM STDIN',
    'COPY nowhere FROM STDIN',
    'COPY notes (id) FROM STDIN; SELECT 1',
  ])
  const byQuery = random.oneIn(2)
  if (byQuery) say(`Query: ${sql}`, message.query(sql))
  else {
    say(`Parse: ${sql}`, message.parse(sql))
    say('Bind', message.bind())
    say('Execute', message.execute())
    if (random.oneIn(3)) say('Sync', message.sync())
  }
  if (random.oneIn(4)) say('Sync', message.sync())
  for (let count = random.int(3); count > 0; count--) {
    say(
      'CopyData',
      message.copyData(Buffer.from(random.pick(['7\\tx\\n', '8\\n', 'bad\\tx\\n', '7\\tx']))),
    )
  }
  if (random.oneIn(4)) say('CopyFail', message.copyFail('no'))
  else say('CopyDone', message.copyDone())
  if (!byQuery || random.oneIn(3)) say('Sync', message.sync())
}

function valueAt(index: number, value: string, random: Random): Value {
  if (random.oneIn(10)) return null
  if (index === 0) return { format: 0, bytes: Buffer.from(String(random.int(4))) }
  const format = random.oneIn(2) ? 1 : 0
  return { format, bytes: Buffer.from(value) }
}

test('any order of messages is answered as by the database itself, and shows it no value', async () => {
  const seed = firstSeed()
  for (let run = 0; run < runsOf(100); run++) {
    const random = randomFrom(seed + run)
    const isMixed = random.oneIn(2)
    const said = saidBy(random, isMixed)
    const told = () =>
      `ACRA_ATTACK_SEED=${seed + run} ACRA_ATTACK_RUNS=1\n${said.map(({ name }) => name).join('\n')}`
    await empty('postgres')
    await empty('plain')
    arena.front.tap.take()
    const through = await answersTo(
      arena.front,
      'postgres',
      said.map(({ bytes }) => bytes),
      random,
    )
    const { toDatabase } = arena.front.tap.take()
    const direct = await answersTo(
      arena.direct,
      'plain',
      said.map((message) => message.direct),
      random,
    )
    assert.equal(through, direct, told())
    if (!isMixed) assert.equal(findCanary(canary, searchable(toDatabase)), null, told())
    assert.equal(await countInTheClear(), 0, told())
  }
})

function empty(database: string): Promise<unknown> {
  return directly(
    arena.lab.database,
    (client) => client.query('TRUNCATE people, notes; INSERT INTO people (id) VALUES (3)'),
    database,
  )
}

async function countInTheClear(): Promise<number> {
  const { rows } = await directly(arena.lab.database, (client) =>
    client.query<{ count: number }>(
      "SELECT count(*)::integer FROM people WHERE position('%%%'::bytea IN email) <> 1",
    ),
  )
  return rows[0]?.count ?? -1
}

/** The types of the messages that come back until the connection ends; the first ones, of the start, too. */
async function answersTo(
  where: { readonly host: string; readonly port: number },
  database: string,
  messages: readonly Buffer[],
  random: Random,
): Promise<string> {
  const socket = connect({ host: where.host, port: where.port, noDelay: true })
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  socket.on('error', () => socket.destroy())
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  socket.write(startup({ user: arena.lab.database.user, database }))
  while (!typesIn(Buffer.concat(received)).endsWith('Z')) await turn()
  const stream = Buffer.concat(messages)
  for (let at = 0; at < stream.length && !socket.destroyed; ) {
    const end = random.oneIn(4) ? stream.length : at + 1 + random.int(200)
    socket.write(stream.subarray(at, end))
    at = end
    await turn()
  }
  await closed
  return typesIn(Buffer.concat(received))
}

function typesIn(stream: Buffer): string {
  let types = ''
  for (let at = 0; at + 5 <= stream.length; at += 1 + stream.readInt32BE(at + 1)) {
    const type = String.fromCharCode(stream[at] ?? 0)
    if (!'NSAKR'.includes(type)) types += type
  }
  return types
}
