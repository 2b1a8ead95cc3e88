/** Certificates of acra-server and of its clients: who they speak for, what is negotiated, and how they are exchanged while it runs. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Certificate, createAuthority } from '#testing/certificates'
import { psql } from './libpq.ts'
import { createTables, encryptorConfig, stored } from './people.ts'
import { type Front, type Lab, startLab } from './setup.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-certificates-'))
const authority = createAuthority(folder, 'authority')
const stranger = createAuthority(folder, 'stranger')
const first = authority.server('first')
const second = authority.server('second')
const alice = authority.client('alice')
const bob = authority.client('bob')
const ours = { cert: join(folder, 'ours.crt'), key: join(folder, 'ours.key') }

const idOf = (name: string) => createHash('sha512').update(`CN=${name}`).digest('hex')

let lab: Lab
let front: Front
before(async () => {
  show(first)
  lab = await startLab({ auth: 'trust', clientIds: [idOf('alice'), idOf('bob')] })
  await createTables(lab.database)
  front = await lab.front({
    encryptorConfig,
    clientId: '',
    flags: [
      `--tls_client_cert=${ours.cert}`,
      `--tls_client_key=${ours.key}`,
      `--tls_client_ca=${authority.certFile}`,
      '--tls_client_system_ca=false',
      '--tls_database_mode=disable',
      '--v',
    ],
  })
})
after(async () => {
  await lab.stop()
  rmSync(folder, { recursive: true })
})

/** Puts a certificate where acra-server reads its own. */
function show(certificate: Certificate): void {
  copyFileSync(certificate.certFile, ours.cert)
  copyFileSync(certificate.keyFile, ours.key)
}

/** What psql is told or says, as the client of a certificate. */
function as(client: Certificate | null, sql: string) {
  const { user, database } = lab.database
  const shown = client ? { sslcert: client.certFile, sslkey: client.keyFile } : {}
  const place = {
    host: 'localhost',
    hostaddr: '127.0.0.1',
    port: front.port,
    user,
    dbname: database,
  }
  const checks = { sslmode: 'verify-full', sslrootcert: authority.certFile }
  return psql({ ...place, ...checks, ...shown }, sql)
}

test('the certificate of a client says whose keys it works with', async () => {
  for (const [id, client] of [alice, bob].entries()) {
    const { ok, output } = await as(
      client,
      `INSERT INTO people (id, email) VALUES (${id}, 'e${id}')`,
    )
    assert.ok(ok, output)
    assert.match(await stored(lab.database, id, 'email'), /^\\x252525/)
  }
  const read = 'SELECT email FROM people ORDER BY id'
  assert.match((await as(alice, read)).output, /^e0\n\\x252525/)
  assert.match((await as(bob, read)).output, /^\\x252525[0-9a-f]+\ne1$/)
  assert.match(front.log(), new RegExp(idOf('alice')))
})

test('a client without a certificate of ours, or without keys of its own, is told so', async () => {
  assert.match((await as(null, 'SELECT 1')).output, /FATAL: +no peer tls certificate/)
  const { output } = await as(stranger.client('alice'), 'SELECT 1')
  assert.match(output, /FATAL: .*authority that is not trusted here/)
  const unknown = await as(
    authority.client('carol'),
    "INSERT INTO people (id, email) VALUES (9, 'x')",
  )
  assert.equal(unknown.ok, false)
  assert.match(unknown.output, /HINT/)
})

/** What `openssl s_client` has agreed on with acra-server: version and suite; null where it could not. */
async function agreed(...options: readonly string[]): Promise<string | null> {
  const args = ['s_client', '-connect', `127.0.0.1:${front.port}`, '-starttls', 'postgres']
  const shown = ['-cert', alice.certFile, '-key', alice.keyFile, '-CAfile', authority.certFile]
  const child = spawn('openssl', [...args, ...shown, ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.resume()
  child.stdin.end('Q\n')
  await new Promise((resolve) => child.once('close', resolve))
  const [, version, suite] = /^New, (TLSv[\d.]+), Cipher is ([\w-]+)$/m.exec(output) ?? []
  return version === undefined ? null : `${version} ${suite}`
}

test('TLS 1.2 and 1.3 are spoken with strong suites, and nothing else is', async () => {
  const low = ['-cipher', 'ALL:@SECLEVEL=0']
  assert.match((await agreed()) ?? '', /^TLSv1\.3 TLS_AES_/)
  for (const suite of ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']) {
    const name = `ECDHE-ECDSA-${suite}`
    assert.equal(await agreed('-tls1_2', '-cipher', name), `TLSv1.2 ${name}`)
  }
  for (const suite of ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256']) {
    assert.equal(await agreed('-tls1_3', '-ciphersuites', suite), `TLSv1.3 ${suite}`)
  }
  for (const refused of [
    ['-tls1', ...low],
    ['-tls1_1', ...low],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'],
    ['-tls1_2', '-cipher', 'AES128-GCM-SHA256:@SECLEVEL=0'],
    ['-tls1_2', '-cipher', 'aNULL:eNULL:3DES:RC4:@SECLEVEL=0'],
    ['-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_8_SHA256'],
  ]) {
    assert.equal(await agreed(...refused), null, refused.join(' '))
  }
})

test('after SIGHUP new connections see the new certificate, open ones go on, and what cannot be used changes nothing', async () => {
  const { user, database } = lab.database
  const place = { host: '127.0.0.1', port: front.port, user, database }
  const tls = { ca: authority.cert, cert: alice.cert, key: alice.key, servername: 'localhost' }
  const open = new pg.Client({ ...place, ssl: tls })
  await open.connect()

  show(second)
  await reloaded()
  assert.equal(await shownName(), 'second')
  assert.equal((await open.query('SELECT 40 + 2 AS answer')).rows[0].answer, 42)

  writeFileSync(ours.cert, 'no certificate')
  await reloaded(/Can't parse TLS certificate/)
  copyFileSync(first.certFile, ours.cert)
  await reloaded(/does not belong to the certificate/)
  assert.equal(await shownName(), 'second')
  assert.equal((await open.query('SELECT 40 + 2 AS answer')).rows[0].answer, 42)
  await open.end()
})

/** Asks for a reload and waits until it is done, or has failed with this. */
async function reloaded(failure: RegExp | null = null): Promise<void> {
  const before = front.log().length
  process.kill(front.pid, 'SIGHUP')
  const done = failure ?? /Configuration was read again/
  while (!done.test(front.log().slice(before))) await sleep(10)
}

/** The common name of the certificate that a new connection sees. */
async function shownName(): Promise<string | undefined> {
  const args = ['s_client', '-connect', `127.0.0.1:${front.port}`, '-starttls', 'postgres']
  const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stdin.end('Q\n')
  await new Promise((resolve) => child.once('close', resolve))
  return /subject=CN ?= ?(\w+)/.exec(output)?.[1]
}
