import assert from 'node:assert/strict'
import test from 'node:test'
import { type TlsClientInfo, TlsError } from '../../net/tls/index.ts'
import { accessOf, MemoryKeystore } from '../../transform/testing/index.ts'
import { ProtocolError } from '../../wire/index.ts'
import {
  encodeCancelRequest,
  encodeGssEncryptionRequest,
  encodeSslRequest,
  encodeStartupMessage,
} from '../../wire/postgres/index.ts'
import { errorResponse, readyForQuery } from '../../wire/postgres/testing/index.ts'
import { type ClientTls, PostgresConnection } from './connection.ts'
import { conversationParts, RecordedOutlet } from './testing/index.ts'

const parts = await conversationParts()
const unprotected = { ...(await conversationParts('schemas: []')), decryptsUnconfigured: false }
const keystore = new MemoryKeystore().generate('alice')
const startup = encodeStartupMessage(0, [['user', 'app']])
const NO = 'N'

class Fixture {
  readonly toClient = new RecordedOutlet()
  readonly toDatabase = new RecordedOutlet()
  dialled = 0
  closed = 0
  refusesDial = false
  readonly connection: PostgresConnection

  /** What is the handshake's: bytes that were read already, of each TLS connection that was begun. */
  readonly handshakes: Buffer[] = []
  /** What comes of the next handshake. */
  handshake: () => Promise<TlsClientInfo> = async () => ({
    clientId: null,
    endPoint: null,
    protocol: null,
  })
  /** What the database shows; null without TLS. */
  databaseCertificate: Buffer | null = null
  /** The ids of certificates that were asked about. */
  readonly asked: (string | null)[] = []

  constructor(
    clientId: string | null = 'alice',
    clientTls: ClientTls = 'none',
    protectsNothing = false,
  ) {
    this.connection = new PostgresConnection(
      {
        toClient: this.toClient,
        toDatabase: this.toDatabase,
        secureClient: (first) => {
          this.handshakes.push(first)
          return this.handshake()
        },
        openDatabase: async () => {
          this.dialled++
          return this.databaseCertificate
        },
        close: () => {
          this.closed++
        },
      },
      protectsNothing
        ? { ...unprotected, decryptsUnconfigured: false, heldSizeMax: 1 << 20 }
        : { ...parts, heldSizeMax: 1 << 20 },
      { tls: clientTls, users: new Map() },
      ({ certificateId }) => {
        this.asked.push(certificateId)
        const id = certificateId ?? clientId
        return {
          access: id === null ? null : accessOf(id, keystore),
          observer: { refused: () => {}, passedUnprotected: () => {} },
        }
      },
    )
  }
}

test('requests for encryption are answered by N, and the start-up packet goes to the database as it came', async () => {
  const { connection, toClient, toDatabase } = new Fixture()
  await connection.fromClient(encodeGssEncryptionRequest())
  assert.equal(toClient.take().toString(), NO)
  await connection.fromClient(encodeSslRequest())
  assert.equal(toClient.take().toString(), NO)
  await connection.fromClient(startup)
  assert.deepEqual(toDatabase.take(), startup)
  assert.ok(connection.isStarting)
  await connection.fromDatabase(readyForQuery('I'))
  assert.ok(!connection.isStarting)
})

test('a client that asks for encryption without end is refused', () => {
  const { connection, toClient } = new Fixture()
  const requests = Array.from({ length: 1000 }, encodeSslRequest)
  assert.throws(() => connection.fromClient(Buffer.concat(requests)), ProtocolError)
  assert.equal(toClient.take().toString(), NO + NO)
})

test('the start-up packet may come in any two pieces, with messages behind it', async () => {
  const stream = Buffer.concat([encodeSslRequest(), startup, Buffer.from('p\0\0\0\x05\0')])
  for (let cut = 0; cut <= stream.length; cut++) {
    const { connection, toDatabase } = new Fixture()
    await connection.fromClient(stream.subarray(0, cut))
    await connection.fromClient(stream.subarray(cut))
    assert.deepEqual(toDatabase.take(), stream.subarray(8), `cut at ${cut}`)
  }
})

test('a request to cancel goes to the database on a connection of its own', async () => {
  const { connection, toDatabase } = new Fixture(null)
  for (const size of [4, 32, 256]) {
    const request = encodeCancelRequest(4711, Buffer.alloc(size, 7))
    const fixture = new Fixture(null)
    await fixture.connection.fromClient(request)
    assert.deepEqual(fixture.toDatabase.take(), request)
    assert.equal(fixture.dialled, 1)
  }
  assert.ok(connection.isStarting)
  assert.equal(toDatabase.take().length, 0)
})

test('a client whose id nobody knows is told so before the database is asked', async () => {
  const fixture = new Fixture(null)
  const error = await caught(fixture.connection.fromClient(startup))
  assert.equal(fixture.dialled, 0)
  const words = fixture.connection.lastWords(error, 'client')!.toString()
  assert.match(words, /FATAL\0C28000\0/)
  assert.match(words, /--client_id/)
})

test('a statement before the client is logged in is a violation of the protocol', async () => {
  const { connection } = new Fixture()
  const early = Buffer.concat([startup, Buffer.from('Q\0\0\0\x0dSELECT 1\0')])
  assert.ok((await caught(connection.fromClient(early))) instanceof ProtocolError)
})

test('a request for TLS is answered by S, and the connection begins again inside', async () => {
  const fixture = new Fixture('alice', 'offered')
  const { connection, toClient, toDatabase } = fixture
  await connection.fromClient(encodeGssEncryptionRequest())
  assert.equal(toClient.take().toString(), NO)
  await connection.fromClient(encodeSslRequest())
  assert.equal(toClient.take().toString(), 'S')
  assert.deepEqual(fixture.handshakes, [Buffer.alloc(0)])
  await connection.fromClient(startup)
  assert.deepEqual(toDatabase.take(), startup)
  assert.deepEqual(fixture.asked, [null])
})

test('bytes in the clear behind a request for TLS are refused, and nothing of them is heard', async () => {
  for (const rest of [startup, Buffer.from([0x16, 3, 1, 0, 5]), Buffer.from([0])]) {
    const fixture = new Fixture('alice', 'offered')
    const injected = Buffer.concat([encodeSslRequest(), rest])
    const error = await caught(fixture.connection.fromClient(injected))
    assert.ok(error instanceof ProtocolError)
    assert.match(fixture.connection.lastWords(error, 'client')!.toString(), /FATAL\0C08P01\0/)
    assert.deepEqual([fixture.toClient.take().length, fixture.handshakes.length], [0, 0])
    assert.deepEqual([fixture.toDatabase.take().length, fixture.dialled], [0, 0])
  }
})

test('direct TLS must name the protocol, and what was read of it goes to the handshake', async () => {
  const hello = Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3])
  const fixture = new Fixture('alice', 'offered')
  fixture.handshake = async () => ({ clientId: null, endPoint: null, protocol: 'postgresql' })
  await fixture.connection.fromClient(hello)
  assert.deepEqual(fixture.handshakes, [hello])
  assert.equal(fixture.toClient.take().length, 0)
  await fixture.connection.fromClient(startup)
  assert.deepEqual(fixture.toDatabase.take(), startup)

  const nameless = new Fixture('alice', 'offered')
  const error = await caught(nameless.connection.fromClient(hello))
  assert.ok(error instanceof ProtocolError)
})

test('encryption cannot begin twice, nor behind other packets', async () => {
  const hello = Buffer.from([0x16, 3, 1, 0, 5])
  for (const again of [encodeSslRequest(), encodeGssEncryptionRequest(), hello]) {
    const { connection, handshakes } = new Fixture('alice', 'offered')
    await connection.fromClient(encodeSslRequest())
    const second = caught((async () => connection.fromClient(again))())
    assert.ok((await second) instanceof ProtocolError)
    assert.equal(handshakes.length, 1)
  }
  const late = new Fixture('alice', 'offered')
  await late.connection.fromClient(encodeGssEncryptionRequest())
  assert.ok((await caught(late.connection.fromClient(hello))) instanceof ProtocolError)
  assert.equal(late.handshakes.length, 0)
})

test('the client id of a certificate takes the place of that of the options', async () => {
  const fixture = new Fixture(null, 'offered')
  fixture.handshake = async () => ({ clientId: 'alice', endPoint: null, protocol: null })
  await fixture.connection.fromClient(encodeSslRequest())
  await fixture.connection.fromClient(startup)
  assert.deepEqual(fixture.asked, ['alice'])
  assert.deepEqual(fixture.toDatabase.take(), startup)
})

test('a client is told why its certificate will not do, and nothing where there is no TLS to say it over', async () => {
  for (const [code, words] of [
    ['tls-client-refused', /FATAL\0C28000\0.*Mwhy\0Hwhat to do\0/],
    ['tls-accept-failed', null],
  ] as const) {
    const fixture = new Fixture('alice', 'offered')
    const { connection } = fixture
    fixture.handshake = () => Promise.reject(new TlsError(code, 'why', 'what to do'))
    const secured = caught(connection.fromClient(encodeSslRequest()))
    assert.equal(connection.lastWords(new Error('too late'), 'client'), null)
    const error = await secured
    const said = connection.lastWords(error, 'client')
    if (words === null) assert.equal(said, null)
    else assert.match(said!.toString(), words)
    assert.equal(fixture.dialled, 0)
  }
})

test('where TLS is required nobody comes in without, but for requests to cancel', async () => {
  const fixture = new Fixture('alice', 'required')
  const error = await caught(fixture.connection.fromClient(startup))
  assert.equal(fixture.dialled, 0)
  assert.match(fixture.connection.lastWords(error, 'client')!.toString(), /28000.*over TLS only/)

  const secured = new Fixture('alice', 'required')
  await secured.connection.fromClient(encodeSslRequest())
  await secured.connection.fromClient(startup)
  assert.deepEqual(secured.toDatabase.take(), startup)

  const cancel = new Fixture('alice', 'required')
  await cancel.connection.fromClient(encodeCancelRequest(1, Buffer.alloc(4)))
  assert.equal(cancel.dialled, 1)
})

test('another protocol version and TLS without asking end the connection', async () => {
  const version2 = Buffer.from([0, 0, 0, 9, 0, 2, 0, 0, 0])
  const old = new Fixture()
  const oldError = await caught(old.connection.fromClient(version2))
  assert.match(old.connection.lastWords(oldError, 'client')!.toString(), /C0A000.*3\.0 to 3\.2/)
  const hello = await caught(new Fixture().connection.fromClient(Buffer.from([0x16, 3, 1, 0, 5])))
  assert.ok(hello instanceof ProtocolError)
})

test('impossible first packets are a violation of the protocol', async () => {
  for (const length of [0, 4, 7, 10_001, 0x7fffffff, -1]) {
    const packet = Buffer.alloc(16)
    packet.writeInt32BE(length, 0)
    packet.writeInt32BE(196_608, 4)
    const error = await caught((async () => new Fixture().connection.fromClient(packet))())
    assert.ok(error instanceof ProtocolError, `length ${length}`)
  }
})

test('an idle connection ends at once when it shall, a busy one after its statement', async () => {
  const idle = new Fixture()
  await idle.connection.fromClient(startup)
  await idle.connection.fromDatabase(readyForQuery('I'))
  idle.toClient.take()
  idle.connection.endWhenIdle()
  assert.equal(idle.closed, 1)
  assert.match(idle.toClient.take().toString(), /FATAL\0C57P01\0/)

  const busy = new Fixture()
  await busy.connection.fromClient(startup)
  await busy.connection.fromDatabase(readyForQuery('I'))
  await busy.connection.fromClient(Buffer.from('Q\0\0\0\x0dSELECT 1\0'))
  busy.connection.endWhenIdle()
  assert.equal(busy.closed, 0)
  await busy.connection.fromDatabase(readyForQuery('I'))
  assert.equal(busy.closed, 1)
})

test('who was told by the database why the connection ends is told nothing more, whatever comes next', async () => {
  const fatal = errorResponse({ S: 'FATAL', V: 'FATAL', C: '57P01', M: 'by an administrator' })
  for (const clientId of ['alice', null]) {
    const refused = new Fixture(clientId, 'none', clientId === null)
    await refused.connection.fromClient(startup)
    await refused.connection.fromDatabase(fatal)
    assert.deepEqual(refused.connection.lastWords(new Error('reset'), 'database'), Buffer.alloc(0))

    const ended = new Fixture(clientId, 'none', clientId === null)
    await ended.connection.fromClient(startup)
    await ended.connection.fromDatabase(readyForQuery('I'))
    const usual = errorResponse({ S: 'ERROR', V: 'ERROR', C: '42601', M: 'syntax error' })
    await ended.connection.fromDatabase(usual)
    assert.match(ended.connection.lastWords(new Error('x'), 'database')!.toString(), /FATAL/)
    await ended.connection.fromDatabase(fatal)
    ended.toClient.take()
    ended.connection.endWhenIdle()
    assert.equal(ended.closed, 1)
    assert.equal(ended.toClient.take().length, 0)
  }
})

async function caught(promise: void | Promise<void>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
