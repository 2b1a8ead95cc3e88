import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Revocation, RevocationError } from '../revocation/index.ts'
import { Registry, type Sources, startSources } from '../revocation/testing/index.ts'
import { clientPolicies, TlsClient, type TlsError, TlsServer, type Verification } from './index.ts'
import { type Certificate, certifiedBy, createAuthority } from './testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-tls-revocation-'))
after(() => rmSync(folder, { recursive: true }))
const root = createAuthority(folder, 'root')
const middle = root.client('middle', {
  extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign,cRLSign'],
})
const ours = root.server('ours')
const taken = root.server('taken')
const alice = root.client('alice')
const mallory = root.client('mallory')
const below = withChain(certifiedBy(folder, middle, 'below'), middle)

let sources: Sources
let revocation: Revocation
before(async () => {
  sources = await startSources()
  const books = new Registry(folder, root)
  for (const certificate of [mallory, taken, middle]) books.revoke(certificate)
  const list = books.list()
  sources.answers.set('/list', () => list)
  revocation = revocationBy('/list')
})
after(() => sources.stop())

function withChain(certificate: Certificate, issuer: Certificate): Certificate {
  return { ...certificate, cert: certificate.cert + issuer.cert }
}

function revocationBy(path: string): Revocation {
  const url = new URL(`${sources.url}${path}`)
  const common = { url, fromCertificate: 'prefer', onlyLeaf: false } as const
  return new Revocation(
    { ocsp: null, crl: { ...common, cacheSize: 0, cacheTimeMs: 0 } },
    { authorities: [], now: () => Date.now(), onTrouble: () => {} },
  )
}

interface Refused {
  readonly code: string
  readonly message: string
}

/** Why a client of ours or of Node's is not let in; null where it is. */
async function meet(
  client: Certificate | null,
  { mode = 4, by = revocation, maxVersion = 'TLSv1.3' as 'TLSv1.2' | 'TLSv1.3' } = {},
): Promise<Refused | null> {
  const server = new TlsServer({
    credentials: { certificate: ours.cert, key: ours.key },
    authorities: [root.cert],
    policy: clientPolicies[mode]!,
    extractor: null,
    protocols: [],
    revocation: by,
  })
  const [accepted, dialled] = await socketPair()
  const { socket, client: admitted } = server.accept(accepted, Buffer.alloc(0))
  socket.on('error', () => {})
  const shown = client === null ? {} : { cert: client.cert, key: client.key }
  const theirs = connectTls({
    ...{ socket: dialled, ca: [root.cert], servername: 'localhost', maxVersion },
    ...shown,
  })
  theirs.on('error', () => {})
  const refused = await admitted.then(
    () => null,
    ({ code, message, hint, cause }: TlsError) => {
      assert.ok(hint !== null && cause instanceof RevocationError)
      return { code, message }
    },
  )
  socket.destroy()
  theirs.destroy()
  return refused
}

/** What our client says of a server. */
async function visit(server: Certificate, verification: Verification): Promise<Refused | null> {
  const side = new TlsServer({
    credentials: { certificate: server.cert, key: server.key },
    authorities: [],
    policy: clientPolicies[0],
    extractor: null,
    protocols: [],
    revocation: null,
  })
  const client = new TlsClient({
    credentials: null,
    authorities: [root.cert],
    serverName: 'localhost',
    protocol: null,
    revocation,
  })
  const [accepted, dialled] = await socketPair()
  const { socket, client: admitted } = side.accept(accepted, Buffer.alloc(0))
  socket.on('error', () => {})
  admitted.catch(() => {})
  const refused = await client.connect(dialled, verification, 10_000).then(
    () => null,
    ({ code, message }: TlsError) => ({ code, message }),
  )
  assert.equal(dialled.destroyed, refused !== null)
  socket.destroy()
  dialled.destroy()
  return refused
}

async function socketPair(): Promise<[accepted: Socket, dialled: Socket]> {
  const listener = createServer({ allowHalfOpen: true })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  const dialled = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [accepted] = (await once(listener, 'connection')) as [Socket]
  await once(dialled, 'connect')
  dialled.on('error', () => {})
  listener.close()
  return [accepted, dialled]
}

const revoked = { code: 'tls-client-refused', message: 'certificate was revoked' }

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a client whose certificate was revoked is refused, with ${maxVersion}`, async () => {
    assert.equal(await meet(alice, { maxVersion }), null)
    assert.deepEqual(await meet(mallory, { maxVersion }), revoked)
  })
}

test('a client whose authority was revoked is refused, though its own certificate was not', async () => {
  // The list of the options is about the last certificate alone: that of the one between names its own.
  const inside = root.client('inside', {
    extensions: [
      'basicConstraints=critical,CA:TRUE',
      'keyUsage=keyCertSign,cRLSign',
      `crlDistributionPoints=URI:${sources.url}/inside`,
    ],
  })
  const books = new Registry(folder, root)
  books.revoke(inside)
  const list = books.list()
  sources.answers.set('/inside', () => list)
  const own = new Registry(folder, inside).list()
  sources.answers.set('/own', () => own)
  const leaf = withChain(certifiedBy(folder, inside, 'leaf'), inside)
  assert.deepEqual(await meet(leaf, { by: revocationBy('/own') }), revoked)
})

test('a list of another authority than the one that made the certificate lets nobody in', async () => {
  const { code, message } = (await meet(below)) ?? { code: null, message: '' }
  assert.equal(code, 'tls-client-refused')
  assert.match(message, /the revocation list of the certificate cannot be used/)
})

test('nobody is asked about a client that has no certificate, or one that nobody verifies', async () => {
  sources.asked.length = 0
  assert.equal(await meet(null, { mode: 3 }), null)
  for (const mode of [1, 2]) assert.equal(await meet(mallory, { mode }), null)
  assert.deepEqual(sources.asked, [])
  assert.deepEqual(await meet(mallory, { mode: 3 }), revoked)
})

test('a server whose certificate was revoked is left, unless its certificate is not checked at all', async () => {
  const refused = {
    code: 'tls-connect-failed',
    message: 'TLS with the server failed: certificate was revoked',
  }
  for (const verification of ['chain', 'full'] as const) {
    assert.equal(await visit(ours, verification), null)
    assert.deepEqual(await visit(taken, verification), refused)
  }
  assert.equal(await visit(taken, 'none'), null)
})

test('a client that leaves while others are asked about it leaves nothing behind', async () => {
  const left = new Promise<void>((resolve) => {
    sources.answers.set('/slow', async () => {
      resolve()
      await new Promise((answer) => setTimeout(answer, 50))
      return Buffer.alloc(0)
    })
  })
  const meeting = meet(alice, { by: revocationBy('/slow') })
  await left
  assert.match((await meeting)?.message ?? '', /cannot be used/)
})
