import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { certificateOfPem, clientIdOfCertificate, serverEndPoint } from '../identity/index.ts'
import {
  clientPolicies,
  TlsClient,
  type TlsClientInfo,
  TlsError,
  TlsServer,
  type Verification,
} from './index.ts'
import { type Certificate, createAuthority } from './testing/certificates.ts'
import type { TlsClientSettings } from './tls-client.ts'
import type { TlsServerSettings } from './tls-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-tls-'))
after(() => rmSync(folder, { recursive: true }))

const authority = createAuthority(folder, 'authority')
const stranger = createAuthority(folder, 'stranger')
const ours = authority.server('ours')
const alice = authority.client('alice')
const mallory = stranger.client('mallory')
const expired = authority.client('expired', { days: -1 })
const forServers = authority.client('for-servers', { extensions: ['extendedKeyUsage=serverAuth'] })
const noUsage = authority.client('no-usage', { extensions: [] })
const subordinate = authority.client('subordinate', {
  extensions: ['basicConstraints=CA:TRUE', 'keyUsage=digitalSignature,keyCertSign'],
})
const nobody = authority.client('nobody', { subject: '/' })

const credentials = ({ cert, key }: Certificate) => ({ certificate: cert, key })
const showing = ({ cert, key }: Certificate): ConnectionOptions => ({ cert, key })

const defaults: TlsServerSettings = {
  credentials: credentials(ours),
  authorities: [authority.cert],
  policy: clientPolicies[4],
  extractor: null,
  protocols: ['postgresql'],
  revocation: null,
}

interface Meeting {
  readonly server: TlsClientInfo | TlsError
  /** What the client saw: an error of its own, or the protocol version. */
  readonly client: Error | string
}

/** Lets a client of Node's meet our server. */
async function meet(
  settings: Partial<TlsServerSettings>,
  options: ConnectionOptions,
): Promise<Meeting> {
  const server = new TlsServer({ ...defaults, ...settings })
  const [accepted, dialled] = await socketPair()
  const { socket, client } = server.accept(accepted, Buffer.alloc(0))
  socket.on('error', () => {})
  const theirs = connectTls({
    socket: dialled,
    ca: [authority.cert],
    servername: 'localhost',
    ALPNProtocols: ['postgresql'],
    ...options,
  })
  const seen = new Promise<Error | string>((resolve) => {
    theirs.once('error', resolve)
    theirs.once('secureConnect', () => resolve(theirs.getProtocol() ?? ''))
  })
  const info = await client.catch((error) => error as TlsError)
  const meeting = { server: info, client: await seen }
  theirs.destroy()
  socket.destroy()
  return meeting
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

const endPoint = serverEndPoint(certificateOfPem(ours.cert))
const anybody: TlsClientInfo = { clientId: null, endPoint, protocol: 'postgresql' }

/** Which clients come in, by the number of `tls_client_auth`; null where they do. */
const admissions: Readonly<
  Record<string, readonly [client: ConnectionOptions, ...(RegExp | null)[]]>
> = {
  'without a certificate': [{}, null, null, /no peer tls certificate/, null, /no peer/],
  'with a certificate of ours': [showing(alice), null, null, null, null, null],
  'with one of a strange authority': [
    showing(mallory),
    null,
    null,
    null,
    /of the client was made by an authority that is not trusted here/,
    /not trusted here/,
  ],
  'with one that has expired': [showing(expired), null, null, null, /has expired/, /has expired/],
  'with one that was made for servers': [
    showing(forServers),
    null,
    null,
    null,
    /not made for clients/,
    /not made for clients/,
  ],
}

for (const [name, [options, ...expected]] of Object.entries(admissions)) {
  for (const [mode, refusal] of expected.entries()) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const verdict = refusal === null ? 'comes in' : 'is refused'
      test(`a client ${name} ${verdict} where auth is ${mode}, with ${maxVersion}`, async () => {
        const policy = clientPolicies[mode]!
        const { server, client } = await meet({ policy }, { ...options, maxVersion })
        assert.equal(client, maxVersion)
        if (refusal === null) return assert.deepEqual(server, anybody)
        assert.ok(server instanceof TlsError)
        assert.equal(server.code, 'tls-client-refused')
        assert.match(server.message, refusal)
      })
    }
  }
}

test('the client id is that of the certificate, by its subject or its serial number', async () => {
  for (const extractor of ['distinguished_name', 'serial_number'] as const) {
    const { server } = await meet({ extractor }, showing(alice))
    const clientId = clientIdOfCertificate(certificateOfPem(alice.cert), extractor)
    assert.deepEqual(server, { clientId, endPoint, protocol: 'postgresql' })
  }
})

/** Certificates that make no client id though their chain is good. spec: acra-server §4.2 */
const unfit = {
  'used CA certificate for authentication': subordinate,
  "peer certificate doesn't have DigitalSignature key usage or ClientAuth ExtKeyUsage values":
    noUsage,
  'empty identifier: the certificate has no subject': nobody,
}

for (const [message, certificate] of Object.entries(unfit)) {
  test(`no client id is made where the answer is: ${message}`, async () => {
    const { server } = await meet({ extractor: 'distinguished_name' }, showing(certificate))
    assert.ok(server instanceof TlsError)
    assert.deepEqual([server.code, server.message], ['tls-client-refused', message])
    assert.ok(server.hint !== null)
  })
}

test('a certificate whose chain was not verified makes no client id', async () => {
  for (const policy of [clientPolicies[1], clientPolicies[2], clientPolicies[3]]) {
    const certificate = policy.verifies ? {} : showing(alice)
    const { server } = await meet({ policy, extractor: 'serial_number' }, certificate)
    assert.ok(server instanceof TlsError)
    assert.deepEqual(
      [server.code, server.message],
      ['tls-client-refused', 'no peer tls certificate'],
    )
  }
})

test('a server with a key of RSA is as good as one of ECDSA', async () => {
  const old = createAuthority(folder, 'old', 'rsa')
  const rsa = old.server('rsa')
  const expected = { ...anybody, endPoint: serverEndPoint(certificateOfPem(rsa.cert)) }
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const settings = { credentials: credentials(rsa), authorities: [old.cert] }
    const client = { ...showing(old.client('bob')), ca: [old.cert], maxVersion }
    assert.deepEqual(await meet(settings, client), { server: expected, client: maxVersion })
  }
})

/** Handshakes that fail, and what both sides know of it. */
const failures: Readonly<
  Record<string, readonly [options: ConnectionOptions, message: RegExp, alert: RegExp]>
> = {
  'TLS 1.1 is too old': [
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
    /neither TLS 1\.2 nor TLS 1\.3/,
    /alert protocol version/,
  ],
  'a suite without forward secrecy is none of ours': [
    { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' },
    /no cipher suite in common/,
    /alert handshake failure/,
  ],
  'a suite with CBC is none of ours': [
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
    /no cipher suite in common/,
    /alert handshake failure/,
  ],
  'another protocol is not spoken here': [
    { ALPNProtocols: ['http/1.1'] },
    /another protocol than postgresql/,
    /alert no application protocol/,
  ],
  'a client that does not trust us leaves': [
    { ca: [stranger.cert] },
    /the client has left in the midst of the handshake/,
    /self-signed certificate/,
  ],
}

for (const [name, [options, message, alert]] of Object.entries(failures)) {
  test(`${name}, and both sides know why`, async () => {
    const { server, client } = await meet({ policy: clientPolicies[0] }, options)
    assert.ok(server instanceof TlsError && client instanceof Error)
    assert.equal(server.code, 'tls-accept-failed')
    assert.match(server.message, message)
    assert.doesNotMatch(server.message, /openssl|\.c:/)
    assert.match(client.message, alert)
  })
}

test('what is no TLS ends the handshake, whatever it is', async () => {
  const server = new TlsServer(defaults)
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '\0\0\0\x08\0\x03\0\0',
    '\x16\x03\x01\xff\xff',
    '\x15\x03\x01\0\x02\x02\x28',
    'x'.repeat(100_000),
  ]) {
    const [accepted, dialled] = await socketPair()
    const { socket, client } = server.accept(accepted, Buffer.from(bytes, 'latin1'))
    socket.on('error', () => {})
    dialled.end()
    dialled.resume()
    await assert.rejects(client, { code: 'tls-accept-failed' })
    socket.destroy()
    dialled.destroy()
  }
})

test('bytes that were read before belong to the handshake, however it was cut', async () => {
  const server = new TlsServer({ ...defaults, policy: clientPolicies[0] })
  for (const wait of [1, 5, 6, 100]) {
    const [accepted, dialled] = await socketPair()
    const theirs = connectTls({ socket: dialled, ca: [authority.cert], servername: 'localhost' })
    const first = await readAtLeast(accepted, wait)
    const { socket, client } = server.accept(accepted, first)
    assert.deepEqual(await client, { clientId: null, endPoint, protocol: null })
    socket.end('hello')
    assert.equal(String((await once(theirs, 'data'))[0]), 'hello')
    theirs.destroy()
  }
})

async function readAtLeast(socket: Socket, size: number): Promise<Buffer> {
  let read = Buffer.alloc(0)
  const collect = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk])
  }
  socket.on('data', collect)
  while (read.length < size) await once(socket, 'data')
  socket.off('data', collect).pause()
  return read
}

test('no session is resumed: a certificate is asked for every time', async () => {
  const sessions: Buffer[] = []
  const server = new TlsServer(defaults)
  for (let round = 0; round < 3; round++) {
    const [accepted, dialled] = await socketPair()
    const session = sessions.at(-1)
    const theirs = connectTls({
      socket: dialled,
      ca: [authority.cert],
      servername: 'localhost',
      ...showing(alice),
      ...(session === undefined ? {} : { session }),
    })
    theirs.on('session', (given) => sessions.push(given))
    const { socket, client } = server.accept(accepted, Buffer.alloc(0))
    await client
    socket.end('hello')
    await once(theirs, 'data')
    assert.equal(theirs.isSessionReused(), false)
    theirs.destroy()
  }
})

test('several pieces that are written at once leave as one record', async () => {
  const server = new TlsServer({ ...defaults, policy: clientPolicies[0] })
  const [accepted, dialled] = await socketPair()
  const { socket, client } = server.accept(accepted, Buffer.alloc(0))
  const theirs = connectTls({ socket: dialled, ca: [authority.cert], servername: 'localhost' })
  await client
  const chunks: number[] = []
  theirs.on('data', (chunk) => chunks.push(chunk.length))
  socket.cork()
  for (let piece = 0; piece < 10; piece++) socket.write(Buffer.alloc(100))
  socket.uncork()
  socket.end()
  await once(theirs, 'end')
  // Node hands out decrypted bytes record by record.
  assert.deepEqual(chunks, [1000])
  theirs.destroy()
})

const wanted: TlsClientSettings = {
  credentials: null,
  authorities: [authority.cert],
  serverName: 'localhost',
  protocol: 'postgresql',
  revocation: null,
}

/** Lets our client meet one of our servers; what comes of it. */
async function visit(
  certificate: Certificate,
  verification: Verification,
  settings: Partial<TlsClientSettings> = {},
): Promise<TLSSocket> {
  const [accepted, dialled] = await socketPair()
  const server = new TlsServer({
    ...defaults,
    credentials: credentials(certificate),
    policy: clientPolicies[3],
  })
  const { socket, client } = server.accept(accepted, Buffer.alloc(0))
  socket.on('error', () => {})
  client.catch(() => {})
  const secured = await new TlsClient({ ...wanted, ...settings }).connect(
    dialled,
    verification,
    5000,
  )
  secured.destroy()
  socket.destroy()
  return secured
}

const otherName = authority.server('other', { extensions: ['subjectAltName=DNS:db.example.com'] })
const byAddress = authority.server('address', { extensions: ['subjectAltName=IP:10.1.2.3'] })
const byCommonName = authority.server('localhost', { extensions: [] })
const oldServer = authority.server('old-server', { days: -1 })
const foreign = stranger.server('foreign')

/** Servers, and how far they come: by verification none, chain, full. */
const servers: readonly (readonly [
  name: string,
  Certificate,
  ...verdicts: readonly (RegExp | null)[],
])[] = [
  ['a good certificate', ours, null, null, null],
  ['the name as common name only', byCommonName, null, null, null],
  [
    'another name',
    otherName,
    null,
    null,
    /another name \(DNS:db\.example\.com instead of localhost\)/,
  ],
  ['an address in the place of the name', byAddress, null, null, /another name \(IP/],
  ['an expired certificate', oldServer, null, /has expired/, /has expired/],
  ['a strange authority', foreign, null, /not trusted here/, /not trusted here/],
]

for (const [name, certificate, ...verdicts] of servers) {
  test(`a server with ${name} is taken as far as it is checked`, async () => {
    for (const [at, verification] of (['none', 'chain', 'full'] as const).entries()) {
      const verdict = verdicts[at]
      const visited = visit(certificate, verification)
      if (verdict == null) await visited
      else
        await assert.rejects(visited, (error: TlsError) => {
          assert.equal(error.code, 'tls-connect-failed')
          assert.match(error.message, verdict, verification)
          assert.ok(error.hint !== null)
          return true
        })
    }
  })
}

test('the name to expect may be another than the address, and an address may be the name', async () => {
  await visit(otherName, 'full', { serverName: 'db.example.com' })
  await visit(byAddress, 'full', { serverName: '10.1.2.3' })
  await assert.rejects(visit(byAddress, 'full', { serverName: '10.1.2.4' }), /another name/)
})

test('the server is asked for by its name, and an address is no name to ask for', async () => {
  for (const [serverName, expected] of [
    ['db.example.com', 'db.example.com'],
    ['10.1.2.3', false],
  ] as const) {
    const [accepted, dialled] = await socketPair()
    const server = new TlsServer({ ...defaults, policy: clientPolicies[0] })
    const { socket, client } = server.accept(accepted, Buffer.alloc(0))
    const connected = new TlsClient({ ...wanted, serverName }).connect(dialled, 'none', 5000)
    assert.deepEqual(await client, anybody)
    assert.equal(socket.servername, expected)
    socket.destroy()
    ;(await connected).destroy()
  }
})

test('a server that says nothing, or leaves, or is no TLS server is an error in time', async () => {
  const client = new TlsClient(wanted)
  const silent = await socketPair()
  await assert.rejects(client.connect(silent[1], 'full', 1), /no answer within 1 ms/)
  const leaving = await socketPair()
  leaving[0].destroy()
  await assert.rejects(client.connect(leaving[1], 'full', 5000), { code: 'tls-connect-failed' })
  const talking = await socketPair()
  talking[0].write('E\0\0\0\x20SFATAL\0')
  await assert.rejects(client.connect(talking[1], 'full', 5000), /what it says is not TLS/)
  for (const [accepted] of [silent, leaving, talking]) accepted.destroy()
})
