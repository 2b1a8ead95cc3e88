import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createSecureContext, TLSSocket } from 'node:tls'
import { type GivenValues, joined, settle } from '../../options/index.ts'
import { tlsRevocationOptions } from '../options.ts'
import { Registry, type Sources, startSources } from '../revocation/testing/index.ts'
import { type Certificate, createAuthority } from '../tls/testing/index.ts'
import { RedisConnection, redisAddress, redisOptions } from './index.ts'
import { RedisServer } from './testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-redis-revocation-'))
const authority = createAuthority(folder, 'authority')
const [good, revoked] = [authority.server('good'), authority.server('revoked')]
const table = joined(tlsRevocationOptions, redisOptions)

let sources: Sources
before(async () => {
  sources = await startSources()
  const books = new Registry(folder, authority)
  books.add(good)
  books.revoke(revoked)
  const list = books.list()
  sources.answers.set('/list', () => list)
  sources.answers.set('/ocsp', (question) => books.answer(question, { minutes: 5 }))
})
after(() => {
  sources.stop()
  rmSync(folder, { recursive: true })
})

/** A connection by these options, and what it has warned of. */
function connectionTo(port: number, more: Readonly<Record<string, string>>) {
  const given = {
    redis_host_port: `localhost:${port}`,
    redis_password: 'a password',
    redis_tls_enable: true,
    redis_tls_client_ca: authority.certFile,
    ...more,
  }
  const rows = Object.entries(given).map(([name, value]) => [name, { value, origin: 'a file' }])
  const { values } = settle(table, new Map(), new Map(rows as [string, never][]) as GivenValues)
  const warnings: string[] = []
  const address = redisAddress(values, 0, {}, (sentence) => warnings.push(sentence))
  return { connection: new RedisConnection(address), warnings }
}

async function redisWith({ certFile, keyFile }: Certificate): Promise<RedisServer> {
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile]
  const trust = ['--tls-ca-cert-file', authority.certFile, '--tls-auth-clients', 'no']
  const words = [...files, ...trust, '--requirepass', 'a password']
  return RedisServer.start({ tls: true, words })
}

/** A server that shows the certificate, and what it hears. */
async function listener({ cert, key }: Certificate) {
  let heard = ''
  const server = createServer((socket) => {
    const secureContext = createSecureContext({ cert, key })
    const secured = new TLSSocket(
      socket.on('error', () => {}),
      { isServer: true, secureContext },
    )
    secured
      .on('error', () => {})
      .on('data', (chunk) => {
        heard += chunk
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, heard: () => heard, close: () => server.close() }
}

const ways = {
  'the general list': () => ({ tls_crl_url: `${sources.url}/list` }),
  'the general responder': () => ({ tls_ocsp_url: `${sources.url}/ocsp` }),
  'a list of its own': () => ({
    tls_crl_url: `${sources.url}/nothing`,
    redis_tls_crl_client_url: `${sources.url}/list`,
  }),
  'a responder of its own': () => ({ redis_tls_ocsp_client_url: `${sources.url}/ocsp` }),
}

test('a Redis whose certificate is good is used, whoever is asked about it', async () => {
  const server = await redisWith(good)
  for (const [way, options] of Object.entries(ways)) {
    sources.asked.length = 0
    const { connection, warnings } = connectionTo(server.port, options())
    assert.equal(await connection.send('PING'), 'PONG', way)
    assert.equal(sources.asked.length, 1, way)
    assert.deepEqual(warnings, [])
  }
  await server.stop()
})

test('a Redis whose certificate was revoked is told nothing, the password least of all', async () => {
  const server = await listener(revoked)
  for (const [way, options] of Object.entries(ways)) {
    const { connection } = connectionTo(server.port, options())
    const asked = connection.send('SET', 'a name', 'a value')
    await assert.rejects(
      asked,
      { code: 'redis-unavailable', message: /cannot be reached: certificate was revoked\. / },
      way,
    )
    assert.equal(server.heard(), '', way)
  }
  server.close()
})

test('where nobody says whether the certificate was revoked it counts as such, and who was asked is told', async () => {
  const server = await listener(good)
  const url = `${sources.url}/nothing`
  const { connection, warnings } = connectionTo(server.port, { tls_crl_url: url })
  await assert.rejects(connection.send('PING'), /the revocation list of the certificate cannot/)
  assert.equal(server.heard(), '')
  assert.deepEqual(warnings.length, 1)
  assert.match(warnings[0] ?? '', /^Can't ask http:.*\/nothing about revoked certificates: .*404/)
  server.close()
})

test('settings that cannot be used are named', () => {
  assert.throws(() => connectionTo(1, { redis_tls_crl_client_url: 'ftp://a' }), {
    code: 'configuration-invalid',
    message: /redis_tls_crl_client_url must begin with http/,
  })
  assert.throws(() => connectionTo(1, { redis_tls_ocsp_client_required: 'requireGood' }), {
    message: /set redis_tls_ocsp_client_url/,
  })
})
