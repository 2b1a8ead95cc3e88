/** Tokens in one Redis, by TLS, through two acra-servers: found by value, kept nowhere in the clear, and nothing written where Redis is down. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createAuthority } from '#testing/certificates'
import { RedisServer } from '#testing/redis'
import { freePort } from '../tools/postgres.ts'
import { createSandbox } from '../tools/sandbox.ts'
import { directly } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'
import { through } from './through.ts'

const encryptorConfig = `schemas:
  - table: contacts
    columns: [id, mail, card, code, blob, note]
    encrypted:
      - { column: mail, token_type: email, consistent_tokenization: true }
      - { column: card, token_type: int64, consistent_tokenization: true }
      - { column: code, token_type: str, consistent_tokenization: true }
      - { column: blob, token_type: bytes, consistent_tokenization: true }
      - { column: note, token_type: str }
`
const schema =
  'CREATE TABLE contacts (id integer PRIMARY KEY, mail text, card bigint, code text, blob bytea, note text)'

const run = promisify(execFile)
const sandbox = createSandbox('tokens')
const authority = createAuthority(sandbox.folder, 'authority')
const certificate = authority.server('redis')
const own = authority.client('acra')

let redis: RedisServer
let lab: Lab
let front: Front
let second: Front
let metricsPort: number

before(async () => {
  redis = await RedisServer.start({
    tls: true,
    words: [
      ...['--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
      ...['--tls-ca-cert-file', authority.certFile],
    ],
  })
  lab = await startLab({ inMemory: true })
  await directly(lab.database, (client) => client.query(schema))
  metricsPort = await freePort()
  const metrics = `--incoming_connection_prometheus_metrics_string=tcp://127.0.0.1:${metricsPort}/`
  front = await lab.front({ encryptorConfig, flags: [...inRedis(), metrics] })
  second = await lab.front({ encryptorConfig, flags: inRedis() })
})
after(async () => {
  await lab.stop()
  await redis.stop()
  await sandbox.remove()
})

const inRedis = () => [
  `--redis_host_port=localhost:${redis.port}`,
  '--redis_db_tokens=3',
  '--redis_tls_enable',
  `--redis_tls_client_ca=${authority.certFile}`,
  `--redis_tls_client_cert=${own.certFile}`,
  `--redis_tls_client_key=${own.keyFile}`,
]

const ann = {
  mail: 'ann@example.com',
  card: '4242424242424242',
  code: 'red-fox-17',
  blob: Buffer.from('a picture of Ann'),
  note: 'calls on Mondays',
}
const texts = [ann.mail, ann.card, ann.code, ann.blob.toString(), ann.note]

test('rows with tokens of every type come back through either server', async () => {
  await through(lab.database, front, async (client) => {
    const { mail, card, code, blob, note } = ann
    await client.query('INSERT INTO contacts VALUES (1, $1, $2, $3, $4, $5)', [
      ...[mail, card, code],
      blob,
      note,
    ])
    await client.query(
      `INSERT INTO contacts VALUES (2, '${mail}', ${card}, '${code}', '${hex(blob)}', '${note}'),
         (3, 'bob@example.com', 7, 'blue', '${hex(Buffer.from('Bob'))}', 'none')`,
    )
  })
  for (const server of [front, second]) {
    const { rows } = await through(lab.database, server, (client) =>
      client.query('SELECT * FROM contacts WHERE id < 3 ORDER BY id'),
    )
    assert.deepEqual(rows, [
      { id: 1, ...ann },
      { id: 2, ...ann },
    ])
  }
})

test('neither the database nor Redis is given a value in the clear', async () => {
  const { rows } = await directly(lab.database, (client) =>
    client.query<{ whole: string; mail: string; note: string }>(
      'SELECT contacts::text AS whole, mail, note FROM contacts WHERE id < 3 ORDER BY id',
    ),
  )
  assert.equal(rows[0]!.mail, rows[1]!.mail, 'consistent')
  assert.notEqual(rows[0]!.note, rows[1]!.note, 'random')
  const records = await redisDump()
  assert.match(records, /tokens\/[0-9a-f]{64}\/742e/)
  const sent = front.tap.take().toDatabase.toString('latin1')
  for (const place of [records, sent, ...rows.map(({ whole }) => whole)]) {
    for (const text of texts) {
      assert.equal(place.includes(text), false, text)
      assert.equal(place.includes(Buffer.from(text).toString('hex')), false, text)
    }
  }
})

const finds: Readonly<Record<string, (column: 'mail' | 'card' | 'code' | 'blob') => string>> = {
  'a parameter': (column) => `SELECT id FROM contacts WHERE ${column} = $1 ORDER BY id`,
  'a parameter first': (column) => `SELECT id FROM contacts WHERE $1 = ${column} ORDER BY id`,
  'a list of parameters': (column) =>
    `SELECT id FROM contacts WHERE ${column} IN ($1, $1) ORDER BY id`,
  'NOT of what is different': (column) =>
    `SELECT id FROM contacts WHERE NOT ${column} <> $1 ORDER BY id`,
  'a condition in CASE': (column) =>
    `SELECT id FROM contacts WHERE CASE WHEN ${column} = $1 THEN true ELSE false END ORDER BY id`,
}

for (const [name, statement] of Object.entries(finds)) {
  test(`rows are found by the value of a consistent token: ${name}`, async () => {
    for (const column of ['mail', 'card', 'code', 'blob'] as const) {
      await through(lab.database, second, async (client) => {
        const { rows } = await client.query(statement(column), [ann[column]])
        assert.deepEqual(rows, [{ id: 1 }, { id: 2 }], column)
      })
    }
  })
}

test('rows are found by literals and by arrays, and changed and deleted by what is found', () =>
  through(lab.database, front, async (client) => {
    const find = async (condition: string, values?: readonly unknown[]) => {
      const sql = `SELECT id FROM contacts WHERE ${condition} ORDER BY id`
      const { rows } = await client.query<{ id: number }>(sql, values?.slice())
      return rows.map(({ id }) => id)
    }
    assert.deepEqual(await find(`mail = '${ann.mail}'`), [1, 2])
    assert.deepEqual(await find(`card = ${ann.card}`), [1, 2])
    assert.deepEqual(await find(`blob = '${hex(ann.blob)}'`), [1, 2])
    assert.deepEqual(await find(`code IN ('blue', '${ann.code}')`), [1, 2, 3])
    assert.deepEqual(await find('mail = ANY($1)', [[ann.mail, 'nobody@example.com']]), [1, 2])
    assert.deepEqual(await find(`mail <> '${ann.mail}'`), [3])
    assert.deepEqual(await find(`mail = 'nobody@example.com'`), [])
    const before = await redisDump()
    assert.deepEqual(await find('code = $1', ['never-seen']), [])
    assert.equal(await redisDump(), before, 'a search makes no token')
    const changed = await client.query('UPDATE contacts SET code = $1 WHERE mail = $2', [
      'green',
      'bob@example.com',
    ])
    assert.equal(changed.rowCount, 1)
    assert.deepEqual(await find(`code = 'green'`), [3])
    const deleted = await client.query(`DELETE FROM contacts WHERE code = 'green'`)
    assert.equal(deleted.rowCount, 1)
  }))

test('tokens are counted by type', async () => {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
  const text = await answer.text()
  for (const type of ['Int64', 'String', 'Bytes', 'Email']) {
    for (const what of ['tokenizations', 'detokenizations']) {
      const line = text
        .split('\n')
        .find(
          (row) =>
            row.startsWith(`acra_${what}_total{`) &&
            row.includes('status="success"') &&
            row.includes(`token_type="${type}"`),
        )
      assert.ok(Number(line?.split(' ').at(-1)) > 0, `${what} ${type}: ${line}`)
    }
  }
})

test('where Redis is down a statement fails and nothing is written; what is read shows tokens', async () => {
  const stored = () =>
    directly(lab.database, (client) => client.query('SELECT * FROM contacts ORDER BY id'))
  const { rows: before } = await stored()
  await through(lab.database, front, async (client) => {
    await client.query('SELECT 1')
    front.tap.take()
    await redis.kill()
    const values = ['carol@example.com', '99', 'secret-code', Buffer.from('bytes'), 'secret-note']
    const refused = { code: '58000' }
    await assert.rejects(
      client.query('INSERT INTO contacts VALUES (9, $1, $2, $3, $4, $5)', values),
      refused,
    )
    const literals = `'carol@example.com', 99, 'secret-code', '${hex(Buffer.from('bytes'))}', 'secret-note'`
    await assert.rejects(client.query(`INSERT INTO contacts VALUES (9, ${literals})`), refused)
    await assert.rejects(
      client.query('UPDATE contacts SET note = $1 WHERE id = 1', ['secret-note']),
      refused,
    )
    await assert.rejects(
      client.query('SELECT id FROM contacts WHERE mail = $1', ['carol@example.com']),
      refused,
    )
    const { rows } = await client.query('SELECT mail, note FROM contacts WHERE id = 1')
    assert.deepEqual(rows, [{ mail: before[0].mail, note: before[0].note }])
    const sent = front.tap.take().toDatabase.toString('latin1')
    for (const text of ['carol', 'secret', Buffer.from('carol').toString('hex')])
      assert.equal(sent.includes(text), false, text)
    assert.deepEqual((await stored()).rows, before)
    assert.match(front.log(), /2026/)

    await redis.resume()
    const again = await client.query('INSERT INTO contacts VALUES (9, $1, $2, $3, $4, $5)', values)
    assert.equal(again.rowCount, 1)
    const found = await client.query('SELECT note FROM contacts WHERE mail = $1', [values[0]])
    assert.deepEqual(found.rows, [{ note: 'secret-note' }])
  })
})

function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`
}

/** Names and values of all records, in their order. */
async function redisDump(): Promise<string> {
  const tls = [
    '--tls',
    '--cacert',
    authority.certFile,
    '--cert',
    own.certFile,
    '--key',
    own.keyFile,
  ]
  const words = ['-h', 'localhost', '-p', `${redis.port}`, '-n', '3', ...tls]
  const { stdout: names } = await run('redis-cli', [...words, '--scan'])
  const lines: string[] = []
  for (const name of names.trim().split('\n').sort()) {
    const { stdout: value } = await run('redis-cli', [...words, 'GET', name])
    lines.push(`${name} ${value.trim()}`)
  }
  return lines.join('\n')
}
