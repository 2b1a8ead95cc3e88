/** TLS on both sides of acra-server: who gets in, what of it travels in the clear, what both sides are told. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import pg from 'pg'
import postgres from 'postgres'
import { createAuthority } from '#testing/certificates'
import { message, startup } from './frontend.ts'
import { psql } from './libpq.ts'
import { createTables, encryptorConfig, stored } from './people.ts'
import { type Front, type FrontOptions, type Lab, startLab } from './setup.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-tls-'))
const authority = createAuthority(folder, 'authority')
const stranger = createAuthority(folder, 'stranger')
const frontCertificate = authority.server('front')
const databaseCertificate = authority.server('database')

const ours = [
  `--tls_cert=${frontCertificate.certFile}`,
  `--tls_key=${frontCertificate.keyFile}`,
  `--tls_ca=${authority.certFile}`,
  '--tls_client_system_ca=false',
]
const noClientCertificates = ['--tls_client_auth=0', '--tls_client_id_from_cert=false']
/** TLS for everybody, whatever they show. */
const open = [...ours, ...noClientCertificates]

let lab: Lab
before(async () => {
  lab = await startLab({ auth: 'trust', tls: databaseCertificate })
  await createTables(lab.database)
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

const fronts = new Map<string, Promise<Front>>()

/** One acra-server for each set of flags. */
function frontOf(flags: readonly string[], options: FrontOptions = {}): Promise<Front> {
  const key = flags.join(' ')
  const front = fronts.get(key) ?? lab.front({ encryptorConfig, flags, ...options })
  fronts.set(key, front)
  return front
}

/** libpq's options to come to a front. */
function to({ port }: Front, options: Readonly<Record<string, string>> = {}) {
  const { user, database } = lab.database
  const place = { host: 'localhost', hostaddr: '127.0.0.1', port, user, dbname: database }
  return { ...place, sslrootcert: authority.certFile, ...options }
}

const databaseSide = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'

/** What each sslmode of libpq sees of a server with a certificate that the client can verify, and without one. */
for (const libpq of ['system', '18'] as const) {
  for (const [sslmode, withTls, without] of [
    ['disable', 'f', 'f'],
    ['allow', 'f', 'f'],
    ['prefer', 't', 'f'],
    ['require', 't', /server does not support SSL/],
    ['verify-ca', 't', /server does not support SSL/],
    ['verify-full', 't', /server does not support SSL/],
  ] as const) {
    test(`sslmode=${sslmode} of libpq (${libpq}) uses TLS as it would with the database itself`, async () => {
      // In the mode `auto` the database sees what the client uses.
      const secured = await psql(to(await frontOf(open), { sslmode }), databaseSide, libpq)
      assert.deepEqual(secured, { ok: true, output: withTls })
      const plain = await psql(to(await frontOf([]), { sslmode }), databaseSide, libpq)
      if (typeof without === 'string') assert.deepEqual(plain, { ok: true, output: without })
      else assert.match(plain.output, without)
    })
  }
}

test('libpq of PostgreSQL 17 and later may begin with TLS at once', async () => {
  const direct = { sslmode: 'require', sslnegotiation: 'direct' }
  const { output } = await psql(to(await frontOf(open), direct), databaseSide, '18')
  assert.equal(output, 't')
  const refused = await psql(to(await frontOf([]), direct), databaseSide, '18')
  assert.equal(refused.ok, false)
})

test('a client that checks the server refuses one of a strange authority, or of another name', async () => {
  const front = await frontOf(open)
  const strange = { sslmode: 'verify-ca', sslrootcert: stranger.certFile }
  assert.match((await psql(to(front, strange), 'SELECT 1')).output, /certificate verify failed/)
  await waitForLog(front, /the client does not trust our certificate/)
  const otherName = { sslmode: 'verify-full', host: 'db.example.com' }
  assert.match((await psql(to(front, otherName), 'SELECT 1')).output, /does not match host name/)
})

/** The modes of the database's side: does the database see TLS when the client uses none, or uses it? */
for (const [mode, withoutTls, withTls] of [
  ['auto', false, true],
  ['disable', false, false],
  ['prefer', true, true],
  ['require', true, true],
  ['verify-ca', true, true],
  ['verify-full', true, true],
] as const) {
  for (const [clientUses, databaseUses] of [
    ['disable', withoutTls],
    ['verify-full', withTls],
  ] as const) {
    test(`tls_database_mode=${mode}, sslmode=${clientUses}: the database sees ${databaseUses ? '' : 'no '}TLS`, async () => {
      const front = await frontOf([...open, `--tls_database_mode=${mode}`])
      const secret = `${mode}.${clientUses}@example.org`
      const insert = `INSERT INTO people (id, email) VALUES (${nextId()}, '${secret}') RETURNING email`
      front.tap.take()
      const written = await psql(to(front, { sslmode: clientUses }), insert)
      assert.equal(written.output.split('\n')[0], secret)
      const { toDatabase } = front.tap.take()
      // Our statement travels in the clear, but for its value, exactly where there is no TLS.
      assert.equal(toDatabase.includes('INSERT INTO people'), !databaseUses)
      assert.ok(!toDatabase.includes(secret))
      const { output } = await psql(to(front, { sslmode: clientUses }), databaseSide)
      assert.equal(output, databaseUses ? 't' : 'f')
    })
  }
}

let lastId = 0
function nextId(): number {
  return ++lastId
}

test('node-postgres and postgres.js write and read protected columns over TLS on both sides', async () => {
  const front = await frontOf(open)
  const ssl = { ca: authority.cert, servername: 'localhost' }
  const { user, database } = lab.database
  const place = { host: '127.0.0.1', port: front.port, user, database, ssl }

  const client = new pg.Client(place)
  await client.connect()
  const [first, second] = [nextId(), nextId()]
  await client.query('INSERT INTO people (id, email) VALUES ($1, $2)', [first, 'ann@example.org'])
  const { rows } = await client.query('SELECT email FROM people WHERE id = $1', [first])
  assert.deepEqual(rows, [{ email: 'ann@example.org' }])
  await client.end()

  const sql = postgres({ ...place, max: 3, onnotice: () => {} })
  await sql`INSERT INTO people (id, email) VALUES (${second}, 'bob@example.org')`
  const found = await sql`SELECT email FROM people WHERE id = ${second}`
  assert.deepEqual([...found], [{ email: 'bob@example.org' }])
  await sql.end()
  for (const id of [first, second]) {
    assert.match(await stored(lab.database, id, 'email'), /^\\x252525/)
  }
})

test('a large answer comes whole over TLS, also to a client that reads slowly', async () => {
  const front = await frontOf(open)
  const client = new pg.Client({
    host: '127.0.0.1',
    port: front.port,
    user: lab.database.user,
    database: lab.database.database,
    ssl: { ca: authority.cert, servername: 'localhost' },
  })
  await client.connect()
  const { rows } = await client.query<{ n: number; filler: string }>(
    'SELECT n, repeat(chr(97 + n % 26), 1000 + n % 7919) AS filler FROM generate_series(1, 5000) AS n',
  )
  await client.end()
  assert.equal(rows.length, 5000)
  for (const { n, filler } of rows) {
    assert.equal(filler, String.fromCharCode(97 + (n % 26)).repeat(1000 + (n % 7919)))
  }
})

/** Databases that are not who they should be, and what the client and the log are told of it. */
const wrongDatabases = {
  'of a strange authority': {
    tls: stranger.server('strange-database'),
    modes: { 'verify-ca': false, 'verify-full': false, auto: false, require: true },
    message: /authority that is not trusted here/,
    hint: /--tls_database_ca/,
  },
  'of another name': {
    tls: authority.server('named-database', { extensions: ['subjectAltName=DNS:db.example.com'] }),
    modes: { 'verify-ca': true, 'verify-full': false, auto: false, prefer: true },
    message: /another name \(DNS:db\.example\.com instead of 127\.0\.0\.1\)/,
    hint: /--tls_database_sni/,
  },
  'that has expired': {
    tls: authority.server('old-database', { days: -1 }),
    modes: { 'verify-ca': false, 'verify-full': false, auto: false, require: true },
    message: /has expired/,
    hint: /Renew/,
  },
  'with no TLS at all': {
    tls: null,
    modes: { 'verify-ca': false, 'verify-full': false, auto: false, require: false, prefer: true },
    message: /does not offer TLS/,
    hint: /ssl = on/,
  },
} as const

for (const [name, { tls, modes, message: expected, hint }] of Object.entries(wrongDatabases)) {
  test(`a database ${name} is refused where it is checked, and the client is told why`, async () => {
    const other = await startLab({ auth: 'trust', ...(tls === null ? {} : { tls }) })
    try {
      for (const [mode, isTaken] of Object.entries(modes)) {
        const front = await other.front({ flags: [...open, `--tls_database_mode=${mode}`] })
        const { ok, output } = await psql(to(front, { sslmode: 'require' }), 'SELECT 1')
        assert.equal(ok, isTaken, `${mode}: ${output}`)
        if (isTaken) continue
        assert.match(output, /FATAL: +acra-server has no connection to the database: /)
        assert.match(output, expected, mode)
        assert.match(output, hint, mode)
        await waitForLog(front, expected)
      }
    } finally {
      await other.stop()
    }
  })
}

test('a client certificate for the database is shown to it, and its lack is explained', async () => {
  const client = authority.client('proxy', { subject: '/CN=postgres' })
  const other = await startLab({
    auth: 'cert',
    tls: { ...databaseCertificate, caFile: authority.certFile },
  })
  try {
    const mode = '--tls_database_mode=verify-full'
    const shown = [`--tls_database_cert=${client.certFile}`, `--tls_database_key=${client.keyFile}`]
    const ca = `--tls_ca=${authority.certFile}`
    const good = await other.front({ flags: [ca, mode, ...shown] })
    assert.deepEqual(await psql(to(good, { sslmode: 'disable' }), databaseSide), {
      ok: true,
      output: 't',
    })
    const bare = await other.front({ flags: [ca, mode] })
    const { output } = await psql(to(bare, { sslmode: 'disable' }), 'SELECT 1')
    assert.match(output, /connection requires a valid client certificate/)
  } finally {
    await other.stop()
  }
})

test('bytes in the clear behind the request for TLS are not taken for the client', async () => {
  const front = await frontOf(open)
  const { user, database } = lab.database
  const socket = connect(front.port, front.host)
  const injected = Buffer.concat([startup({ user, database }), message.query('SELECT 1')])
  socket.end(Buffer.concat([sslRequest, injected]))
  const answer = await heard(socket)
  assert.match(answer, /^E.*FATAL.*in the clear behind the request for TLS/)
})

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f])

test('direct TLS without the name of the protocol, or with another, is closed at once', async () => {
  const front = await frontOf(open)
  for (const ALPNProtocols of [undefined, ['http/1.1']]) {
    const socket: TLSSocket = connectTls({
      host: '127.0.0.1',
      port: front.port,
      ca: authority.cert,
      servername: 'localhost',
      ...(ALPNProtocols ? { ALPNProtocols } : {}),
    })
    const said = await heard(socket)
    assert.ok(said === '' || /FATAL/.test(said), said)
    assert.ok(!/^R/.test(said))
  }
  await waitForLog(front, /direct TLS without the protocol postgresql/)
  await waitForLog(front, /another protocol than postgresql/)
})

test('garbage in the place of a handshake ends that connection and no other', async () => {
  const front = await frontOf(open)
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x40\0\x01', 'x'.repeat(50_000)]) {
    const socket = connect(front.port, front.host)
    socket.write(sslRequest)
    assert.equal(String((await once(socket, 'data'))[0]), 'S')
    socket.end(Buffer.from(garbage, 'latin1'))
    assert.doesNotMatch(await heard(socket), /FATAL/)
  }
  assert.equal((await psql(to(front, { sslmode: 'require' }), 'SELECT 1')).output, '1')
})

/** Everything that a socket says until it is closed, however it is. */
async function heard(socket: ReturnType<typeof connect>): Promise<string> {
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('close', resolve))
  return said
}

/** Waits until acra-server has printed something. */
async function waitForLog(front: Front, expected: RegExp): Promise<void> {
  while (!expected.test(front.log())) await sleep(10)
}
