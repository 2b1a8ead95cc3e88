/** Values that do not fit into their column, and a store of tokens that breaks off: the errors of the database, and nothing written. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { RedisServer } from '#testing/redis'
import { findCanary, searchable } from './canary.ts'
import { message } from './frontend.ts'
import { directly } from './people.ts'
import { cellsOf, errorOf, RawClient } from './raw-client.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { through } from './through.ts'

const encryptorConfig = `schemas:
  - table: fits
    columns: [id, mail, small, number, big, code, notes, nick]
    encrypted:
      - { column: mail, data_type: str }
      - { column: small, data_type: int16 }
      - { column: number, token_type: int32 }
      - { column: big, token_type: int64 }
      - { column: code, token_type: str }
      - { column: notes, data_type: json }
`
const columns = (mail: string, small: string, code: string, notes: string) =>
  `(id int, mail ${mail}, small ${small}, number int, big bigint, code ${code}, notes ${notes}, nick varchar(5))`
const schema = `CREATE TABLE fits ${columns('bytea', 'bytea', 'varchar(12)', 'bytea')};
  CREATE TABLE plain ${columns('text', 'int2', 'varchar(12)', 'json')}`
const CANARY = Buffer.from('heron61417quill')

/** Passes the connections to Redis on, until it cuts them. */
class Relay {
  /** Bytes that still pass to Redis; each connection is cut with the next one. */
  left = Number.POSITIVE_INFINITY
  readonly server: Server
  readonly #sockets = new Set<Socket>()

  constructor(redis: RedisServer) {
    this.server = createServer((near) => {
      const far = connect({ host: '127.0.0.1', port: redis.port })
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          near.destroy()
          far.destroy()
        })
      }
      near.on('data', (chunk: Buffer) => {
        far.write(chunk.subarray(0, this.left))
        this.left -= chunk.length
        if (this.left <= 0) far.end(() => near.destroy())
      })
      far.pipe(near)
    })
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    const address = this.server.address()
    if (address === null || typeof address === 'string') throw new Error('the relay has no port')
    return address.port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = once(this.server, 'close')
    this.server.close()
    await closed
  }
}

let redis: RedisServer
let relay: Relay
let lab: Lab
let front: Front
before(async () => {
  redis = await RedisServer.start({})
  relay = new Relay(redis)
  const port = await relay.listen()
  lab = await startLab({ auth: 'trust', inMemory: true })
  await directly(lab.database, (client) => client.query(schema))
  const flags = [`--redis_host_port=127.0.0.1:${port}`, '--redis_db_tokens=3']
  front = await lab.front({ encryptorConfig, flags })
})
after(async () => {
  await lab.stop()
  await relay.stop()
  await redis.stop()
})

async function talker(host: string, port: number, parameters = {}): Promise<RawClient> {
  return RawClient.connect(
    { host, port, user: lab.database.user, database: 'postgres' },
    parameters,
  )
}

/** The codes of the errors that come back. */
async function codesOf(client: RawClient, ...messages: readonly Buffer[]): Promise<string[]> {
  client.send(...messages)
  const answers = await client.untilReady()
  return answers.filter(({ type }) => type === 'E').map((error) => errorOf(error).code)
}

async function countOf(table: string): Promise<number> {
  const { rows } = await directly(lab.database, (client) =>
    client.query<{ count: string }>(`SELECT count(*) FROM ${table}`),
  )
  return Number(rows[0]?.count)
}

const bad = Buffer.concat([CANARY, Buffer.of(0xff, 0x20)])
const inQuotes = (table: string, value: Buffer, column = 'mail') =>
  message.queryBytes(
    Buffer.concat([
      Buffer.from(`INSERT INTO ${table} (${column}) VALUES ('`),
      value,
      Buffer.from("')"),
    ]),
  )
const bound = (table: string, bytes: Buffer, format: 0 | 1, column = 'mail') =>
  Buffer.concat([
    message.parse(`INSERT INTO ${table} (${column}) VALUES ($1)`),
    message.bind([{ format, bytes }]),
    message.execute(),
    message.sync(),
  ])

test('bytes that are no UTF-8, or zero, are no text: 22021 as by the database, in every way to write', async () => {
  const own = await talker(front.host, front.port)
  const direct = await talker(lab.database.host, lab.database.port)
  front.tap.take()
  const json = Buffer.concat([Buffer.from('"'), CANARY, Buffer.of(0xc3, 0x28, 0x22)])
  for (const write of [
    (table: string) => inQuotes(table, bad),
    (table: string) => bound(table, bad, 0),
    (table: string) => bound(table, bad, 1),
    (table: string) => bound(table, Buffer.concat([CANARY, Buffer.of(0)]), 0),
    (table: string) => bound(table, Buffer.from('eda080', 'hex'), 1),
    (table: string) => inQuotes(table, json, 'notes'),
    (table: string) => bound(table, json, 1, 'notes'),
    (table: string) => bound(table, bad, 0, 'code'),
  ]) {
    assert.deepEqual(await codesOf(direct, write('plain')), ['22021'])
    assert.deepEqual(await codesOf(own, write('fits')), ['22021'])
  }
  for (const [client, table] of [
    [direct, 'plain'],
    [own, 'fits'],
  ] as const) {
    client.send(message.query(`COPY ${table} (mail) FROM STDIN`))
    await client.untilAny('G')
    client.send(message.copyData(Buffer.concat([bad, Buffer.from('\n')])), message.copyDone())
    const answers = await client.untilReady()
    assert.deepEqual(
      answers.filter(({ type }) => type === 'E').map((error) => errorOf(error).code),
      ['22021'],
    )
  }
  const { toDatabase } = front.tap.take()
  assert.equal(findCanary(CANARY.toString(), searchable(toDatabase)), null)
  assert.equal(await countOf('fits'), 0)
  await own.close()
  await direct.close()
})

test('in another client_encoding its bytes come back as they were sent', async () => {
  const client = await talker(front.host, front.port, { client_encoding: 'LATIN1' })
  assert.deepEqual(await codesOf(client, bound('fits', bad, 0)), [])
  const row = (await client.query('SELECT mail FROM fits')).find(({ type }) => type === 'D')
  assert.ok(row && cellsOf(row)[0]?.equals(bad))
  await client.query('DELETE FROM fits')
  await client.close()
})

async function codeOf(client: pg.Client, text: string, values: readonly unknown[] = []) {
  return client.query(text, [...values]).then(
    () => '',
    (error: pg.DatabaseError) => error.code,
  )
}

test('values that are too large are errors, by literal, parameter and COPY, and the row is not written', async () => {
  const cases: readonly (readonly [column: string, value: string, code: string])[] = [
    ['small', '32768', '22003'],
    ['small', '-40000', '22003'],
    ['number', '2147483648', '22003'],
    ['number', '99999999999999999999', '22003'],
    ['big', '9223372036854775808', '22003'],
    ['small', 'x', '22P02'],
    ['number', '1.x', '22P02'],
  ]
  await directly(lab.database, (direct) =>
    through(lab.database, front, async (client) => {
      for (const [column, value, code] of cases) {
        const quoted = `'${value}'`
        for (const given of /^-?\d+$/.test(value) ? [value, quoted] : [quoted]) {
          const put = (table: string) =>
            `INSERT INTO ${table} (id, mail, ${column}) VALUES (1, 'x', ${given})`
          assert.equal(await codeOf(direct, put('plain')), code, put('plain'))
          assert.equal(await codeOf(client, put('fits')), code, put('fits'))
        }
        const put = (table: string) => `UPDATE ${table} SET ${column} = $1`
        await direct.query('INSERT INTO plain (id) VALUES (1)')
        await client.query('INSERT INTO fits (id) VALUES (1)')
        assert.equal(await codeOf(direct, put('plain'), [value]), code, `${column} = $1`)
        assert.equal(await codeOf(client, put('fits'), [value]), code, `${column} = $1`)
        await direct.query('DELETE FROM plain')
        await client.query('DELETE FROM fits')
      }
      // What is not protected is the database's to judge: so is the length of a token.
      for (const put of [
        "INSERT INTO fits (id, mail, nick) VALUES (1, 'x', 'toolong')",
        "INSERT INTO fits (id, mail, code) VALUES (1, 'x', 'a code of twenty by.')",
      ])
        assert.equal(await codeOf(client, put), '22001')
      assert.equal(
        await codeOf(client, "INSERT INTO fits (mail) VALUES ('abc'::varchar(2))"),
        '0A000',
      )
      assert.deepEqual((await client.query('SELECT * FROM fits')).rows, [])
    }),
  )
})

test('PREPARE with declared types takes values of token columns', async () => {
  await through(lab.database, front, async (client) => {
    await client.query(
      'PREPARE put (int, int, bigint, varchar) AS INSERT INTO fits (id, number, big, code) VALUES ($1, $2, $3, $4)',
    )
    await client.query("EXECUTE put (1, 4242, 4343434343434, 'a code')")
    await client.query('EXECUTE put (2, -5, NULL, NULL)')
    const { rows } = await client.query('SELECT number, big, code FROM fits ORDER BY id')
    assert.deepEqual(rows, [
      { number: 4242, big: '4343434343434', code: 'a code' },
      { number: -5, big: null, code: null },
    ])
    const stored = await directly(lab.database, (direct) =>
      direct.query('SELECT number FROM fits WHERE id = 1'),
    )
    assert.notEqual(stored.rows[0].number, 4242)
    assert.equal(await codeOf(client, "EXECUTE put (3, 99999999999, 1, 'x')"), '22003')
    assert.equal(await codeOf(client, "EXECUTE put (3, 1, 1, 'x', 'y')"), '42601')
    await client.query('DEALLOCATE put; DELETE FROM fits')
  })
})

test('a Redis that is cut off within a command fails the statement, and nothing plain is written', async () => {
  await through(lab.database, front, async (client) => {
    await client.query("INSERT INTO fits (id, code) VALUES (1, 'first')")
    front.tap.take()
    const value = CANARY.toString('latin1', 0, 12)
    for (const cut of [1, 10, 40, 90, 150]) {
      relay.left = cut
      const code = await codeOf(client, 'INSERT INTO fits (id, code) VALUES (2, $1)', [value])
      // Only a cut behind all that had to be written does no harm.
      if (code !== '') assert.equal(code, '58000', `cut after ${cut} bytes`)
      relay.left = Number.POSITIVE_INFINITY
    }
    relay.left = 1
    assert.equal(await codeOf(client, `UPDATE fits SET code = '${value}'`), '58000')
    relay.left = Number.POSITIVE_INFINITY
    const { toDatabase } = front.tap.take()
    assert.equal(findCanary(value, searchable(toDatabase)), null)
    await client.query('INSERT INTO fits (id, code) VALUES (3, $1)', [value])
    const { rows } = await client.query('SELECT id, code FROM fits WHERE id <> 2 ORDER BY id')
    assert.deepEqual(rows, [
      { id: 1, code: 'first' },
      { id: 3, code: value },
    ])
  })
})
