import assert from 'node:assert/strict'
import test from 'node:test'
import { EMPTY, ValueSink } from '../bytes.ts'
import { nodePrimitives as p } from '../node.ts'
import type { Primitives } from '../primitives.ts'
import { damaged, withCraftedLengths } from '../testing/damage.ts'
import { loadThemis } from '../testing/themis.ts'
import { hex, readVectors, toHex, utf8 } from '../testing/vectors.ts'
import { encodeSoterContainer, SOTER_HEADER_SIZE } from './container.ts'
import { generateKeyPair, scalarOf } from './keys.ts'
import { SecureSession, type SessionSettings } from './session.ts'
import { SESSION_OVERHEAD } from './session-messages.ts'

interface RecordedSide {
  id_utf8: string
  sign_private: string
  sign_public: string
  ephemeral_private: string
}

interface Transcript {
  client_implementation: string
  client: RecordedSide
  server: RecordedSide
  message1: string
  message2: string
  message3: string
  message4: string
  client_key: string
  data: { direction: 'c2s' | 's2c'; plaintext_utf8: string; wrapped: string }[]
}

const { transcripts } = readVectors<{ transcripts: Transcript[] }>('themis-session-transcript')
const themis = await loadThemis()
const NOW = 1_700_000_000
const [clientPair, serverPair] = [generateKeyPair(p), generateKeyPair(p)]
const [clientId, serverId] = [utf8('client_one'), utf8('acra_server')]
const notOpened = { name: 'SessionError', code: 'session-not-opened' }
const outOfOrder = { name: 'SessionError', code: 'session-out-of-order' }

test('the recorded sessions of Themis are gone through on both sides, to the byte where nothing is random', () => {
  for (const transcript of transcripts) {
    const [client, server] = [recorded(transcript, 'client'), recorded(transcript, 'server')]
    client.request()
    assert.ok(server.negotiate(hex(transcript.message1)))
    assert.ok(client.negotiate(hex(transcript.message2)))
    assert.equal(toHex(server.negotiate(hex(transcript.message3)) ?? EMPTY), transcript.message4)
    assert.equal(client.negotiate(hex(transcript.message4)), null)
    for (const { direction, plaintext_utf8, wrapped } of transcript.data) {
      const receiver = direction === 'c2s' ? server : client
      assert.equal(toHex(receiver.open(hex(wrapped))), toHex(utf8(plaintext_utf8)))
    }
  }
})

test('zero bytes behind the messages of a handshake are passed over', () => {
  const { client, server } = sides()
  const padded = (message: Uint8Array | null) => hex(`${toHex(message ?? EMPTY)}00000000`)
  const second = server.negotiate(padded(client.request()))
  const fourth = server.negotiate(padded(client.negotiate(padded(second))))
  assert.equal(client.negotiate(padded(fourth)), null)
  assert.ok(client.isEstablished && server.isEstablished)
})

test('a session with Themis carries messages of every size, whoever begins', () => {
  const sizes = [1, 2, 15, 16, 17, 1000, 8192, 70_000]
  for (let round = 0; round < 20; round++) {
    const { client, server } = round % 2 === 0 ? withTheirServer() : withTheirClient()
    for (const size of sizes) {
      const plain = p.random(size)
      assert.equal(toHex(server.open(client.seal(plain))), toHex(plain))
      assert.equal(toHex(client.open(server.seal(plain))), toHex(plain))
    }
    assert.equal(client.seal(utf8('1234')).length, SESSION_OVERHEAD + 4)
  }
})

test('a damaged message of the handshake is refused, and the right one still goes through', () => {
  const { client, server } = sides()
  const refuse = (side: SecureSession, message: Uint8Array) => {
    for (const { what, bytes } of damaged(message)) {
      assert.throws(() => side.negotiate(bytes), { name: 'SessionError' }, what)
    }
  }
  const first = client.request()
  refuse(server, first)
  const second = answer(server, first)
  refuse(client, second)
  const third = answer(client, second)
  refuse(server, third)
  const fourth = answer(server, third)
  refuse(client, fourth)
  assert.equal(client.negotiate(fourth), null)
  assert.ok(client.isEstablished && server.isEstablished)
})

test('no byte of a handshake can be changed by somebody who makes the checksums right again', () => {
  const { client, server } = sides()
  const refuse = (side: SecureSession, message: Uint8Array) => {
    const body = message.slice(SOTER_HEADER_SIZE)
    for (let at = 0; at < body.length; at++) {
      const forged = body.slice()
      forged[at] ^= 0x11
      const sealed = encodeSoterContainer('TSPM', forged)
      assert.throws(() => side.negotiate(sealed), { name: 'SessionError' }, `byte ${at}`)
    }
    for (let size = 0; size < body.length; size++) {
      const cut = encodeSoterContainer('TSPM', body.slice(0, size))
      assert.throws(() => side.negotiate(cut), { name: 'SessionError' }, `cut to ${size}`)
    }
  }
  const first = client.request()
  refuse(server, first)
  const second = answer(server, first)
  refuse(client, second)
  const third = answer(client, second)
  refuse(server, third)
  const fourth = answer(server, third)
  refuse(client, fourth)
  assert.equal(client.negotiate(fourth), null)
})

test('crafted lengths in a handshake are refused', () => {
  const first = sides().client.request()
  for (const at of [4, 16]) {
    for (const { what, bytes } of withCraftedLengths(first, at, 4)) {
      if (toHex(bytes) === toHex(first)) continue
      assert.throws(() => sides().server.negotiate(bytes), { code: 'session-malformed' }, what)
      const whole = encodeSoterContainer('TSPM', bytes.subarray(SOTER_HEADER_SIZE))
      if (at === 16) {
        assert.throws(() => sides().server.negotiate(whole), { code: 'session-malformed' }, what)
      }
    }
  }
})

test('the proof of the last message is asked for whole', () => {
  for (const size of [0, 1, 16, 31, 33]) {
    const { client, server } = sides()
    const fourth = answer(server, answer(client, answer(server, client.request())))
    const body = new Uint8Array(size)
    body.set(fourth.subarray(SOTER_HEADER_SIZE, SOTER_HEADER_SIZE + size))
    const cut = encodeSoterContainer('TSPM', body)
    assert.throws(() => client.negotiate(cut), { code: 'session-not-verified' }, `${size} bytes`)
    assert.equal(client.isEstablished, false)
  }
})

test('peers that are not known, have another key, or speak for another id are refused', () => {
  const stranger = generateKeyPair(p)
  const { client, server } = sides({ publicKeyOf: () => null }, { publicKeyOf: () => null })
  const first = client.request()
  assert.throws(() => server.negotiate(first), { code: 'session-peer-unknown' })
  assert.throws(() => client.negotiate(answer(sides().server, first)), {
    code: 'session-peer-unknown',
  })
  const impostor = sides({ privateKey: stranger.privateKey }).client.request()
  assert.throws(() => sides().server.negotiate(impostor), { code: 'session-not-verified' })
  const falseServer = sides({}, { privateKey: stranger.privateKey }).server
  const deceived = sides().client
  const reply = answer(falseServer, deceived.request())
  assert.throws(() => deceived.negotiate(reply), { code: 'session-not-verified' })
})

test('messages of one handshake are of no use in another', () => {
  const [one, other] = [sides(), sides()]
  const second = answer(one.server, one.client.request())
  const third = answer(one.client, second)
  other.client.request()
  assert.throws(() => other.client.negotiate(second), { code: 'session-not-verified' })
  answer(other.server, sides().client.request())
  assert.throws(() => other.server.negotiate(third), { code: 'session-not-verified' })
})

test('an ephemeral key that is not on the curve is refused at once', () => {
  const id = encodeSoterContainer('TSID', clientId)
  const ephemeral = encodeSoterContainer('UEC2', hex(`02${'ff'.repeat(32)}`))
  const signature = p.sign(scalarOf(clientPair.privateKey), ephemeral)
  const body = hex([id, ephemeral, signature].map(toHex).join(''))
  const message = encodeSoterContainer('TSPM', body)
  assert.throws(() => sides().server.negotiate(message), { code: 'session-malformed' })
})

test('damaged messages, replays, gaps and messages of the own side do not open', () => {
  const { client, server } = established()
  const messages = ['one', 'two', 'three'].map((text) => seal(client, utf8(text)))
  for (const { what, bytes } of damaged(messages[0])) {
    // The last four bytes of the IV field are filler that nothing authenticates.
    if (/^byte (16|17|18|19) /.test(what)) continue
    assert.throws(() => server.open(bytes), notOpened, what)
  }
  for (const { what, bytes } of withCraftedLengths(messages[0], 20, 4)) {
    assert.throws(() => server.open(bytes), notOpened, what)
  }
  assert.throws(() => server.open(messages[1]), notOpened)
  assert.throws(() => client.open(messages[0]), notOpened)
  assert.throws(() => server.open(hex(`${toHex(messages[0])}00`)), notOpened)
  assert.equal(toHex(server.open(messages[0])), toHex(utf8('one')))
  assert.throws(() => server.open(messages[0]), notOpened)
  assert.throws(() => server.open(messages[2]), notOpened)
  assert.equal(toHex(server.open(messages[1])), toHex(utf8('two')))
  assert.equal(toHex(server.open(messages[2])), toHex(utf8('three')))
  const other = established()
  assert.throws(() => other.server.open(seal(client, utf8('four'))), notOpened)
})

test('sequence numbers go on behind 2^32 - 1', () => {
  const { client, server } = established({}, {}, numberedFrom(2 ** 32 - 2))
  for (const text of ['a', 'b', 'c', 'd']) {
    assert.equal(toHex(server.open(seal(client, utf8(text)))), toHex(utf8(text)))
    assert.equal(toHex(client.open(seal(server, utf8(text)))), toHex(utf8(text)))
  }
})

test('a message from a clock that is a day away does not open', () => {
  for (const [seconds, opens] of [
    [86_400, true],
    [-86_400, true],
    [86_401, false],
    [-86_401, false],
  ] as const) {
    const { client, server } = established({ clock: () => NOW + seconds })
    const message = seal(client, utf8('late'))
    if (opens) assert.equal(server.open(message).length, 4)
    else assert.throws(() => server.open(message), notOpened)
  }
})

test('nothing is sealed or opened before the handshake has ended, and nothing after the keys are wiped', () => {
  const { client, server } = sides()
  for (const side of [client, server]) {
    assert.throws(() => side.seal(utf8('early'), new ValueSink()), outOfOrder)
    assert.throws(() => side.open(new Uint8Array(60)), outOfOrder)
  }
  assert.throws(() => server.request(), outOfOrder)
  const first = client.request()
  assert.throws(() => client.request(), outOfOrder)
  const fourth = answer(server, answer(client, answer(server, first)))
  client.negotiate(fourth)
  assert.throws(() => client.negotiate(fourth), outOfOrder)
  const message = seal(client, utf8('in time'))
  for (const side of [client, server]) {
    side.wipe()
    side.wipe()
    assert.throws(() => side.seal(utf8('late'), new ValueSink()), outOfOrder)
    assert.throws(() => side.open(message), outOfOrder)
  }
})

test('an empty message and a session without an id are refused', () => {
  const { client } = established()
  assert.throws(() => seal(client, EMPTY), { name: 'SessionError', code: 'plaintext-empty' })
  assert.throws(() => sides({ id: EMPTY }), /needs an id/)
})

/** Primitives that derive this number for the first message of both directions. */
function numberedFrom(sequence: number): Primitives {
  const first = new Uint8Array(Uint32Array.of(sequence).buffer)
  return {
    ...p,
    hmacSha256(key, ...parts) {
      const derives = new TextDecoder().decode(parts[0]).includes('initial sequence number')
      return derives ? first.slice() : p.hmacSha256(key, ...parts)
    },
  }
}

function recorded(transcript: Transcript, role: 'client' | 'server'): SecureSession {
  const [own, peer] =
    role === 'client'
      ? [transcript.client, transcript.server]
      : [transcript.server, transcript.client]
  const ephemeral = hex(own.ephemeral_private)
  return new SecureSession(
    { ...p, newScalar: () => scalarOf(ephemeral) },
    {
      role,
      id: utf8(own.id_utf8),
      privateKey: hex(own.sign_private),
      publicKeyOf: (id) => (toHex(id) === toHex(utf8(peer.id_utf8)) ? hex(peer.sign_public) : null),
      clock: () => timeOf(transcript),
    },
  )
}

/** When the first message was sent, as it says itself to the holder of the recorded key. */
function timeOf({ client_key, data }: Transcript): number {
  const message = hex(data[0].wrapped)
  const key = p.messageKey(hex(client_key))
  const text = key.open(message.subarray(4, 16), message.subarray(20, -16), message.subarray(-16))
  assert.ok(text)
  return new DataView(text.buffer, text.byteOffset).getUint32(12)
}

function sides(
  client: Partial<SessionSettings> = {},
  server: Partial<SessionSettings> = {},
  primitives = p,
) {
  const clock = () => NOW
  return {
    client: new SecureSession(primitives, {
      role: 'client',
      id: clientId,
      privateKey: clientPair.privateKey,
      publicKeyOf: (id) => (toHex(id) === toHex(serverId) ? serverPair.publicKey : null),
      clock,
      ...client,
    }),
    server: new SecureSession(primitives, {
      role: 'server',
      id: serverId,
      privateKey: serverPair.privateKey,
      publicKeyOf: (id) => (toHex(id) === toHex(clientId) ? clientPair.publicKey : null),
      clock,
      ...server,
    }),
  }
}

function established(...settings: Parameters<typeof sides>) {
  const both = sides(...settings)
  const third = answer(both.client, answer(both.server, both.client.request()))
  both.client.negotiate(answer(both.server, third))
  return both
}

function answer(side: SecureSession, message: Uint8Array): Uint8Array {
  const reply = side.negotiate(message)
  assert.ok(reply)
  return reply
}

function seal(side: SecureSession, plain: Uint8Array): Uint8Array {
  const out = new ValueSink()
  side.seal(plain, out)
  return out.take()
}

/** The same two verbs for our sessions and theirs. */
interface Ends {
  client: { seal(plain: Uint8Array): Uint8Array; open(message: Uint8Array): Uint8Array }
  server: Ends['client']
}

const seconds = () => Math.floor(Date.now() / 1000)

function withTheirServer(): Ends {
  const ours = sides({ clock: seconds }).client
  const theirs = theirSession(serverId, serverPair.privateKey, clientPair.publicKey)
  const third = answer(ours, theirs.negotiateReply(ours.request()) as Uint8Array)
  assert.equal(ours.negotiate(theirs.negotiateReply(third) as Uint8Array), null)
  assert.ok(theirs.established() && ours.isEstablished)
  return { client: ourEnd(ours), server: theirEnd(theirs) }
}

function withTheirClient(): Ends {
  const ours = sides({}, { clock: seconds }).server
  const theirs = theirSession(clientId, clientPair.privateKey, serverPair.publicKey)
  const third = theirs.negotiateReply(answer(ours, theirs.connectionRequest())) as Uint8Array
  theirs.negotiateReply(answer(ours, third))
  assert.ok(theirs.established() && ours.isEstablished)
  return { client: theirEnd(theirs), server: ourEnd(ours) }
}

function theirSession(id: Uint8Array, privateKey: Uint8Array, peerKey: Uint8Array) {
  const peer = new themis.PublicKey(peerKey)
  return new themis.SecureSession(id, new themis.PrivateKey(privateKey), () => peer)
}

function ourEnd(session: SecureSession): Ends['client'] {
  return { seal: (plain) => seal(session, plain), open: (message) => session.open(message) }
}

function theirEnd(session: ReturnType<typeof theirSession>): Ends['client'] {
  return { seal: (plain) => session.wrap(plain), open: (message) => session.unwrap(message) }
}
