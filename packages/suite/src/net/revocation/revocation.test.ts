import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Authority, certifiedBy, createAuthority } from '../tls/testing/index.ts'
import { Revocation, RevocationError } from './index.ts'
import type { CrlSettings, OcspSettings } from './settings.ts'
import { Registry, type Sources, startSources } from './testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-revocation-'))
after(() => rmSync(folder, { recursive: true }))
const MINUTE = 60_000

let sources: Sources
let authority: Authority
let registry: Registry
let stranger: Authority
let strange: Registry
before(async () => {
  sources = await startSources()
  authority = createAuthority(folder, 'authority')
  registry = new Registry(folder, authority)
  stranger = createAuthority(folder, 'stranger')
  strange = new Registry(folder, stranger)
})
after(() => sources.stop())
afterEach(() => {
  sources.answers.clear()
  sources.asked.length = 0
})

const troubles: string[] = []
let now = () => Date.now()
afterEach(() => {
  troubles.length = 0
  now = () => Date.now()
})

const ocspDefaults: OcspSettings = {
  url: null,
  fromCertificate: 'prefer',
  onlyLeaf: false,
  required: 'denyUnknown',
}
const crlDefaults: CrlSettings = {
  url: null,
  fromCertificate: 'prefer',
  onlyLeaf: false,
  cacheSize: 16,
  cacheTimeMs: 0,
}

function asking(settings: {
  ocsp?: Partial<OcspSettings>
  crl?: Partial<CrlSettings>
}): Revocation {
  const { ocsp, crl } = settings
  return new Revocation(
    {
      ocsp: ocsp === undefined ? null : { ...ocspDefaults, ...ocsp },
      crl: crl === undefined ? null : { ...crlDefaults, ...crl },
    },
    {
      authorities: [],
      now: () => now(),
      onTrouble: (url, reason) => troubles.push(`${url.replace(sources.url, '')}: ${reason}`),
    },
  )
}

const at = (path: string) => new URL(`${sources.url}${path}`)
const chainOf = (...pems: readonly { readonly cert: string }[]) =>
  pems.map(({ cert }) => new X509Certificate(cert))

/** The message of the refusal; null where the chain passes. */
async function refusal(
  revocation: Revocation,
  chain: readonly X509Certificate[],
): Promise<string | null> {
  try {
    await revocation.check(chain)
    return null
  } catch (error) {
    assert.ok(error instanceof RevocationError, String(error))
    assert.ok(error.hint.length > 0)
    return error.message
  }
}

/** A certificate that names nobody, in the books as good, revoked, or not at all. */
function certificate(state: 'good' | 'revoked' | 'unknown', extensions: readonly string[] = []) {
  const made = authority.client(`client-${count++}`, {
    extensions: ['keyUsage=digitalSignature', ...extensions],
  })
  if (state === 'good') registry.add(made)
  if (state === 'revoked') registry.revoke(made)
  return made
}
let count = 0

const REVOKED = 'certificate was revoked'
const UNKNOWN = "OCSP server doesn't know about certificate"
const NOT_ASKED = 'cannot query OCSP server, but --tls_ocsp_required=requireGood was passed'
const NONE = 'none of OCSP servers confirmed the certificate'
const LIST = 'the revocation list of the certificate cannot be used'

test('what the responder of the options says counts as tls_ocsp_required has it', async () => {
  sources.answers.set('/ocsp', (question) => registry.answer(question, { minutes: 10 }))
  const answers = {
    good: { denyUnknown: null, allowUnknown: null, requireGood: null },
    revoked: { denyUnknown: REVOKED, allowUnknown: REVOKED, requireGood: REVOKED },
    unknown: { denyUnknown: UNKNOWN, allowUnknown: null, requireGood: UNKNOWN },
  } as const
  for (const state of ['good', 'revoked', 'unknown'] as const) {
    const chain = chainOf(certificate(state), authority)
    for (const required of ['denyUnknown', 'allowUnknown', 'requireGood'] as const) {
      const revocation = asking({ ocsp: { url: at('/ocsp'), required } })
      assert.equal(
        await refusal(revocation, chain),
        answers[state][required],
        `${state} ${required}`,
      )
    }
  }
  assert.deepEqual(troubles, [])
})

test('a responder that is not there confirms nothing, and is told', async () => {
  const chain = chainOf(certificate('good'), authority)
  for (const [required, message] of [
    ['denyUnknown', NONE],
    ['allowUnknown', NONE],
    ['requireGood', NOT_ASKED],
  ] as const) {
    const revocation = asking({ ocsp: { url: at('/nowhere'), required } })
    assert.equal(await refusal(revocation, chain), message)
    assert.deepEqual(troubles.splice(0), ['/nowhere: server returned non-OK status: 404'])
  }
  const closed = new URL('http://127.0.0.1:1/')
  assert.equal(await refusal(asking({ ocsp: { url: closed } }), chain), NONE)
  assert.deepEqual(troubles, ['http://127.0.0.1:1/: ECONNREFUSED'])
})

test('an answer is believed only where the authority, or whom it made for answers, has signed it', async () => {
  const good = chainOf(certificate('good'), authority)
  const [forAnswers, forClients, expired, ofStranger] = [
    authority.client('responder', { extensions: ['extendedKeyUsage=OCSPSigning'] }),
    authority.client('no-responder', { extensions: ['extendedKeyUsage=clientAuth'] }),
    authority.client('old-responder', { extensions: ['extendedKeyUsage=OCSPSigning'], days: -1 }),
    stranger.client('strange-responder', { extensions: ['extendedKeyUsage=OCSPSigning'] }),
  ]
  const revocation = asking({ ocsp: { url: at('/ocsp') } })
  const signedBy = (signer: typeof forAnswers, ...flags: readonly string[]) => {
    sources.answers.set('/ocsp', (question) =>
      registry.answer(question, { signer, minutes: 10, flags }),
    )
    return refusal(revocation, good)
  }
  assert.equal(await signedBy(authority), null)
  assert.equal(await signedBy(authority, '-resp_no_certs', '-resp_key_id'), null)
  assert.equal(await signedBy(forAnswers), null)
  assert.deepEqual(troubles, [])
  for (const signer of [forClients, expired, ofStranger, stranger]) {
    assert.equal(await signedBy(signer), NONE)
  }
  assert.equal(await signedBy(authority, '-badsig'), NONE)
  assert.equal(await signedBy(forAnswers, '-resp_no_certs'), NONE)
  assert.equal(troubles.length, 6)
  for (const trouble of troubles) assert.match(trouble, /not signed by the authority/)
})

test('an answer is of no use before its time, after it, and a day later where it has none', async () => {
  const chain = chainOf(certificate('good'), authority)
  const revocation = asking({ ocsp: { url: at('/ocsp') } })
  for (const [minutes, ahead, message] of [
    [10, 10, null],
    [10, 16, NONE],
    [10, -10, NONE],
    [undefined, 23 * 60, null],
    [undefined, 25 * 60, NONE],
  ] as const) {
    sources.answers.set('/ocsp', (question) =>
      registry.answer(question, minutes === undefined ? {} : { minutes }),
    )
    now = () => Date.now() + ahead * MINUTE
    assert.equal(await refusal(revocation, chain), message, `${minutes} ${ahead}`)
  }
  assert.deepEqual(troubles, [
    '/ocsp: the answer is out of date',
    '/ocsp: the answer is not valid yet',
    '/ocsp: the answer is out of date',
  ])
})

test('an answer to another question is none: of another certificate, or from before', async () => {
  const [one, other] = [certificate('good'), certificate('good')]
  const kept: Buffer[] = []
  sources.answers.set('/ocsp', (question) => {
    kept.push(registry.answer(question, { minutes: 10 }))
    return kept.at(-1)!
  })
  const revocation = asking({ ocsp: { url: at('/ocsp') } })
  assert.equal(await refusal(revocation, chainOf(one, authority)), null)
  const before = kept[0]!
  sources.answers.set('/ocsp', () => before)
  assert.equal(await refusal(revocation, chainOf(one, authority)), NONE)
  // Without a nonce the answer to the other one would do, if it were not about it.
  sources.answers.set('/ocsp', () => withoutNonce(other))
  assert.equal(await refusal(revocation, chainOf(one, authority)), NONE)
  sources.answers.set('/ocsp', () => withoutNonce(one))
  assert.equal(await refusal(revocation, chainOf(one, authority)), null)
  assert.deepEqual(troubles, [
    '/ocsp: the answer was made for another question',
    '/ocsp: the answer is about another certificate',
  ])
})

/** The answer about a certificate to a question without a nonce, by SHA-1 as openssl asks by itself. */
function withoutNonce({ certFile }: { readonly certFile: string }): Buffer {
  return registry.answer(registry.question(certFile, ['-no_nonce']), { minutes: 10 })
}

test('what is no answer, a refusal, or endless, confirms nothing', async () => {
  const chain = chainOf(certificate('good'), authority)
  const revocation = asking({ ocsp: { url: at('/ocsp') } })
  for (const [bytes, reason] of [
    [Buffer.alloc(0), /cannot be read/],
    [Buffer.from('<html>'), /cannot be read/],
    [Buffer.of(0x30, 0x03, 0x0a, 0x01, 0x06), /the responder refuses: unauthorized/],
    [Buffer.of(0x30, 0x03, 0x0a, 0x01, 0x00), /of an unknown kind/],
    [Buffer.alloc(64 * 1024 + 1), /more than 65536 bytes/],
    [Buffer.alloc(64 * 1024, 0x30), /cannot be read/],
  ] as const) {
    sources.answers.set('/ocsp', () => bytes)
    assert.equal(await refusal(revocation, chain), NONE)
    assert.match(troubles.pop() ?? '', reason)
  }
})

test('the responders of a certificate and of the options are asked in the order of tls_ocsp_from_cert', async () => {
  const chain = chainOf(
    certificate('good', [`authorityInfoAccess=OCSP;URI:${sources.url}/inside`]),
    authority,
  )
  const answer = (question: Buffer) => registry.answer(question, { minutes: 10 })
  const asked = async (ocsp: Partial<OcspSettings>) => {
    sources.asked.length = 0
    assert.equal(await refusal(asking({ ocsp: { url: at('/own'), ...ocsp } }), chain), null)
    return sources.asked.map((line) => line.replace('POST ', ''))
  }
  sources.answers.set('/inside', answer).set('/own', answer)
  assert.deepEqual(await asked({ fromCertificate: 'use' }), ['/own'])
  assert.deepEqual(await asked({ fromCertificate: 'prefer' }), ['/inside'])
  assert.deepEqual(await asked({ fromCertificate: 'trust' }), ['/inside'])
  assert.deepEqual(await asked({ fromCertificate: 'ignore' }), ['/own'])
  const required = 'requireGood'
  assert.deepEqual(await asked({ fromCertificate: 'use', required }), ['/own', '/inside'])
  assert.deepEqual(await asked({ fromCertificate: 'prefer', required }), ['/inside', '/own'])
  assert.deepEqual(await asked({ fromCertificate: 'trust', required }), ['/inside'])
  // The next one is asked where one does not know.
  sources.answers.delete('/inside')
  assert.deepEqual(await asked({ fromCertificate: 'prefer' }), ['/inside', '/own'])
  // An address that stands twice is asked once.
  assert.deepEqual(await asked({ url: at('/own'), fromCertificate: 'ignore' }), ['/own'])
  assert.equal(await refusal(asking({ ocsp: {} }), chain), NONE)
  assert.equal(await refusal(asking({ ocsp: { fromCertificate: 'ignore' } }), chain), null)
})

test('every certificate of a chain is asked about, or the last one alone', async () => {
  const middle = stranger.client('middle', {
    extensions: [
      'basicConstraints=CA:TRUE',
      'keyUsage=keyCertSign,cRLSign',
      `authorityInfoAccess=OCSP;URI:${sources.url}/middle`,
      `crlDistributionPoints=URI:${sources.url}/middle-list`,
    ],
  })
  strange.revoke(middle)
  sources.answers.set('/middle', (question) => strange.answer(question, { minutes: 10 }))
  sources.answers.set('/middle-list', () => strange.list())
  const leaf = certifiedBy(folder, middle, 'leaf')
  const chain = chainOf(leaf, middle, stranger)
  assert.equal(await refusal(asking({ ocsp: {} }), chain), REVOKED)
  assert.equal(await refusal(asking({ crl: {} }), chain), REVOKED)
  assert.equal(await refusal(asking({ ocsp: { onlyLeaf: true } }), chain), null)
  assert.equal(await refusal(asking({ crl: { onlyLeaf: true } }), chain), null)
})

/** Hours from now, in openssl's writing. */
function stamp(hours: number): string {
  const time = new Date(Date.now() + hours * 60 * MINUTE).toISOString()
  return time.replace(/[-:T]|\.\d+/g, '')
}

/** The list with another bit in its signature. */
function tampered(pem: Buffer): Buffer {
  const base64 = pem.toString('latin1').replace(/-----[^-]+-----|\s/g, '')
  const der = Buffer.from(base64, 'base64')
  der[der.length - 1] = (der.at(-1) as number) ^ 1
  return der
}

test('a list says who was revoked, in PEM and in DER, by http and from a file', async () => {
  const [good, bad] = [certificate('good'), certificate('revoked')]
  const pem = registry.list()
  const der = Buffer.from(pem.toString('latin1').replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const file = join(folder, 'list.crl')
  writeFileSync(file, pem)
  sources.answers.set('/pem', () => pem).set('/der', () => der)
  for (const url of [at('/pem'), at('/der'), pathToFileURL(file)]) {
    const revocation = asking({ crl: { url } })
    assert.equal(await refusal(revocation, chainOf(good, authority)), null)
    assert.equal(await refusal(revocation, chainOf(bad, authority)), REVOKED)
  }
  assert.deepEqual(troubles, [])
})

test('a list that cannot be had or believed refuses every certificate, and is told', async () => {
  const chain = chainOf(certificate('good'), authority)
  const lists: Record<string, [Buffer, RegExp]> = {
    '/stranger': [strange.list(), /of another authority/],
    '/stale': [
      registry.list({ from: stamp(-48), to: stamp(-1) }),
      /NextUpdate is behind current time/,
    ],
    '/early': [registry.list({ from: stamp(48), to: stamp(72) }), /not valid yet/],
    '/delta': [
      registry.list({ extensions: ['deltaCRL=critical,DER:020101'] }),
      /not yet implemented/,
    ],
    '/critical': [
      registry.list({ extensions: ['1.2.3.4=critical,DER:0500'] }),
      /unknown critical extension/,
    ],
    '/html': [Buffer.from('<html>'), /is no revocation list/],
    '/empty': [Buffer.alloc(0), /is no revocation list/],
    '/tampered': [tampered(registry.list()), /not signed by the authority/],
  }
  for (const [path, [bytes, reason]] of Object.entries(lists)) {
    sources.answers.set(path, () => bytes)
    assert.equal(await refusal(asking({ crl: { url: at(path) } }), chain), LIST, path)
    assert.match(troubles.pop() ?? '', reason)
  }
  for (const [url, reason] of [
    [at('/nowhere'), /non-OK status: 404/],
    [pathToFileURL(join(folder, 'missing.crl')), /cannot be opened: ENOENT/],
  ] as const) {
    assert.equal(await refusal(asking({ crl: { url } }), chain), LIST)
    assert.match(troubles.pop() ?? '', reason)
  }
})

test('no file is read because a certificate says so, and no other scheme is followed', async () => {
  for (const [address, reason] of [
    ['file:///etc/passwd', /not allowed to fetch from local/],
    ['ldap://127.0.0.1/cn=list', /unsupported URL scheme/],
    ['list', /unsupported URL scheme/],
  ] as const) {
    const chain = chainOf(certificate('good', [`crlDistributionPoints=URI:${address}`]), authority)
    assert.equal(await refusal(asking({ crl: {} }), chain), LIST)
    assert.match(troubles.pop() ?? '', reason)
  }
})

test('a list for a part of the certificates counts for those that name its address', async () => {
  const inside = [`crlDistributionPoints=URI:${sources.url}/part`]
  const chain = chainOf(certificate('good', inside), authority)
  const part = (name: string, ...more: readonly string[]) => {
    const points = ['issuingDistributionPoint=critical,@idp', '[idp]', `fullname=URI:${name}`]
    const list = registry.list({ extensions: [...points, ...more] })
    sources.answers.set('/part', () => list)
    return refusal(asking({ crl: {} }), chain)
  }
  const own = `${sources.url}/part`
  assert.equal(await part(own), null)
  assert.equal(await part(own, 'onlyuser=TRUE'), null)
  assert.equal(await part(`${sources.url}/another`), LIST)
  assert.equal(await part(own, 'onlyCA=TRUE'), LIST)
  assert.equal(await part(own, 'onlyAA=TRUE'), LIST)
  assert.equal(await part(own, 'indirectCRL=TRUE'), LIST)
  assert.equal(await part(own, 'onlysomereasons=keyCompromise'), LIST)
  for (const trouble of troubles) assert.match(trouble, /the list is for other certificates/)
})

test('lists of a certificate and of the options are all read, but for trust and ignore', async () => {
  const inside = [`crlDistributionPoints=URI:${sources.url}/inside`]
  const chain = chainOf(certificate('good', inside), authority)
  const list = registry.list()
  sources.answers.set('/inside', () => list).set('/own', () => list)
  const asked = async (fromCertificate: CrlSettings['fromCertificate']) => {
    sources.asked.length = 0
    const revocation = asking({ crl: { url: at('/own'), fromCertificate } })
    assert.equal(await refusal(revocation, chain), null)
    return sources.asked.map((line) => line.replace('GET ', ''))
  }
  assert.deepEqual(await asked('use'), ['/own', '/inside'])
  assert.deepEqual(await asked('prefer'), ['/inside', '/own'])
  assert.deepEqual(await asked('trust'), ['/inside'])
  assert.deepEqual(await asked('ignore'), ['/own'])
})

test('a list is kept for its time, and no longer than it holds', async () => {
  const chain = chainOf(certificate('good'), authority)
  const list = registry.list()
  sources.answers.set('/list', () => list)
  const [start, crl] = [Date.now(), { url: at('/list'), cacheTimeMs: 100_000 }]
  const asked = async (revocation: Revocation, ahead: number) => {
    now = () => start + ahead
    sources.asked.length = 0
    const message = await refusal(revocation, chain)
    return [sources.asked.length, message]
  }
  const keeping = asking({ crl })
  assert.deepEqual(await asked(keeping, 0), [1, null])
  assert.deepEqual(await asked(keeping, 99_999), [0, null])
  assert.deepEqual(await asked(keeping, 100_000), [1, null])
  assert.deepEqual(await asked(keeping, 50_000), [1, null])
  const longer = asking({ crl: { ...crl, cacheTimeMs: 48 * 60 * MINUTE } })
  assert.deepEqual(await asked(longer, 0), [1, null])
  assert.deepEqual(await asked(longer, 25 * 60 * MINUTE), [1, LIST])
  for (const off of [{ cacheSize: 0 }, { cacheTimeMs: 0 }]) {
    const forgetting = asking({ crl: { ...crl, ...off } })
    assert.deepEqual(await asked(forgetting, 0), [1, null])
    assert.deepEqual(await asked(forgetting, 1), [1, null])
  }
})

test('as many lists are kept as may be, those that were used last', async () => {
  const list = registry.list()
  const crl = { cacheSize: 2, cacheTimeMs: 100_000, fromCertificate: 'prefer' } as const
  const three = ['/a', '/b', '/c'].map((path) => {
    sources.answers.set(path, () => list)
    return `URI:${sources.url}${path}`
  })
  const [a, b, c] = three.map((uri) =>
    chainOf(certificate('good', [`crlDistributionPoints=${uri}`]), authority),
  )
  const keeping = asking({ crl })
  for (const one of [a, b, a, c, a, b]) assert.equal(await refusal(keeping, one!), null)
  assert.deepEqual(sources.asked, ['GET /a', 'GET /b', 'GET /c', 'GET /b'])
})

test('what is asked at once is asked once', async () => {
  const chain = chainOf(certificate('good'), authority)
  const list = registry.list()
  sources.answers.set('/list', () => list)
  sources.answers.set('/ocsp', (question) => registry.answer(question, { minutes: 10 }))
  const revocation = asking({ crl: { url: at('/list') }, ocsp: { url: at('/ocsp') } })
  await Promise.all(Array.from({ length: 20 }, () => revocation.check(chain)))
  assert.deepEqual(sources.asked, ['POST /ocsp', 'GET /list'])
})

test('a certificate that vouches for itself is looked for without the address of the options', async () => {
  const settings = { url: at('/nowhere') }
  assert.equal(await refusal(asking({ ocsp: settings, crl: settings }), chainOf(authority)), null)
  assert.equal(await refusal(asking({ ocsp: settings }), []), 'empty verified certificates chain')
})

test('at the start it is told where nobody is found at the addresses of the options', async () => {
  sources.answers.set('/ocsp', () => Buffer.alloc(0)).set('/list', () => registry.list())
  await asking({ ocsp: { url: at('/ocsp') }, crl: { url: at('/list') } }).probe()
  assert.deepEqual(troubles, [])
  const closed = new URL('http://127.0.0.1:1/')
  await asking({ ocsp: { url: closed }, crl: { url: closed } }).probe()
  assert.deepEqual(troubles, [
    'http://127.0.0.1:1/: ECONNREFUSED',
    'http://127.0.0.1:1/: ECONNREFUSED',
  ])
})

test('the responder of openssl is used, and nothing is told of it', async () => {
  const chain = chainOf(certificate('good'), authority)
  const responder = await registry.respond()
  try {
    const revocation = asking({ ocsp: { url: new URL(responder.url), required: 'requireGood' } })
    await revocation.probe()
    assert.equal(await refusal(revocation, chain), null)
    assert.deepEqual(troubles, [])
  } finally {
    responder.stop()
  }
})

test('what a responder says behind a whole answer does not matter, what it leaves out does', async () => {
  const chain = chainOf(certificate('good'), authority)
  for (const [more, message] of [
    [10, null],
    [0, null],
    [-10, NOT_ASKED],
  ] as const) {
    const server = createServer((socket) => answerRaw(socket, more))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const revocation = asking({ ocsp: { url, required: 'requireGood' } })
    assert.equal(await refusal(revocation, chain), message, `${more} bytes more`)
    server.close()
  }
})

/** Answers one question by HTTP/1.0, with so many bytes more (or less) than the answer has. */
function answerRaw(socket: Socket, more: number): void {
  let read = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    read = Buffer.concat([read, chunk])
    const start = read.indexOf('\r\n\r\n') + 4
    const size = Number(/content-length: (\d+)/i.exec(read.toString('latin1'))?.[1])
    if (start < 4 || read.length < start + size) return
    const answer = registry.answer(read.subarray(start), { minutes: 10 })
    const sent = Buffer.concat([answer, Buffer.alloc(Math.max(more, 0))])
    socket.write(`HTTP/1.0 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`)
    socket.end(sent.subarray(0, answer.length + more))
  })
}
