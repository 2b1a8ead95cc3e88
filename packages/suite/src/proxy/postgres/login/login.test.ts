import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferSink } from '../../../foundation/index.ts'
import { ProtocolError } from '../../../wire/index.ts'
import {
  AuthenticationRequest,
  decodeSaslData,
  decodeSaslInitialResponse,
  decodeSaslMechanisms,
  decodeSaslResponse,
  encodeSaslData,
  encodeSaslInitialResponse,
  encodeSaslMechanisms,
  encodeSaslResponse,
} from '../../../wire/postgres/index.ts'
import { ConnectionRefused } from '../connection-refused.ts'
import { RecordedOutlet } from '../testing/index.ts'
import type { Credential } from './auth-file.ts'
import { Login } from './login.ts'
import {
  keysOfPassword,
  ScramClient,
  ScramError,
  type ScramSecret,
  ScramServer,
  secretOfPassword,
} from './scram.ts'

const PLUS = 'SCRAM-SHA-256-PLUS'
const PLAIN = 'SCRAM-SHA-256'
const salt = Buffer.from('0123456789abcdef')
const ours = Buffer.alloc(32, 1)
const theirs = Buffer.alloc(32, 2)
const kept = await secretOfPassword('pencil', salt, 4096)

interface Case {
  readonly credential?: Credential
  readonly clientEndPoint?: Buffer | null
  readonly databaseEndPoint?: Buffer | null
  readonly password?: string
  /** What the client makes of the offer: to bind where that is offered, to say `y`, or `n`. */
  readonly client?: 'binds' | 'would bind' | 'plain'
  readonly offer?: readonly string[]
  readonly databaseKeeps?: ScramSecret
}

interface Outcome {
  readonly offered: readonly string[]
  readonly clientUsed: string
  readonly databaseSaw: string
}

/** Lets a client log in to a database, both of the test's own, through a login. */
async function logIn({
  credential,
  clientEndPoint = ours,
  databaseEndPoint = theirs,
  password = 'pencil',
  client: kind = 'binds',
  offer = [PLUS, PLAIN],
  databaseKeeps = kept,
}: Case): Promise<Outcome> {
  const [toClient, toDatabase] = [new RecordedOutlet(), new RecordedOutlet()]
  const login = new Login({
    user: 'alice',
    credential: credential ?? null,
    clientEndPoint,
    databaseEndPoint,
    toClient,
    toDatabase,
  })
  const fromDatabase = async (write: (sink: BufferSink) => void) => {
    const bytes = written(write)
    return (await login.fromDatabase(bytes, 0, bytes.length)) ? toClient.take() : bytes
  }
  const fromClient = async (write: (sink: BufferSink) => void) => {
    const bytes = written(write)
    return (await login.fromClient(bytes, 0, bytes.length)) ? null : bytes
  }
  const { saslContinue, saslFinal } = AuthenticationRequest
  const heard = await fromDatabase((sink) => encodeSaslMechanisms(offer, sink))
  const offered = decodeSaslMechanisms(heard, 0, heard.length)

  const binds = kind === 'binds' && offered.includes(PLUS)
  const clientUsed = binds ? PLUS : PLAIN
  const keysFor = (s: Buffer, i: number) => keysOfPassword(password, s, i)
  const client = new ScramClient(keysFor, binds ? clientEndPoint : null, 'clientnonce')
  const data = kind === 'plain' || binds ? client.first : client.first.replace(/^n/, 'y')
  const passed = await fromClient((sink) =>
    encodeSaslInitialResponse({ mechanism: clientUsed, data }, sink),
  )

  const database = new ScramServer(
    databaseKeeps,
    offer.includes(PLUS) ? databaseEndPoint : null,
    'dbnonce',
  )
  let databaseSaw = ''
  const first = (bytes: Buffer) => {
    const response = decodeSaslInitialResponse(bytes, 0, bytes.length)
    databaseSaw = response.mechanism
    return database.first(response.mechanism, response.data)
  }
  if (passed !== null) {
    const serverFirst = first(passed)
    const told = await fromDatabase((sink) => encodeSaslData(saslContinue, serverFirst, sink))
    const final = await client.final(decodeSaslData(told, 0, told.length))
    const proof = await fromClient((sink) => encodeSaslResponse(final, sink))
    assert.ok(proof)
    const { serverFinal } = database.final(decodeSaslResponse(proof, 0, proof.length))
    const last = await fromDatabase((sink) => encodeSaslData(saslFinal, serverFinal, sink))
    client.verify(decodeSaslData(last, 0, last.length))
    return { offered, clientUsed, databaseSaw }
  }
  const told = toClient.take()
  const final = await client.final(decodeSaslData(told, 0, told.length))
  assert.equal(await fromClient((sink) => encodeSaslResponse(final, sink)), null)
  const serverFirst = first(toDatabase.take())
  await fromDatabase((sink) => encodeSaslData(saslContinue, serverFirst, sink))
  const proof = toDatabase.take()
  const { serverFinal } = database.final(decodeSaslResponse(proof, 0, proof.length))
  const last = await fromDatabase((sink) => encodeSaslData(saslFinal, serverFinal, sink))
  client.verify(decodeSaslData(last, 0, last.length))
  return { offered, clientUsed, databaseSaw }
}

function written(write: (sink: BufferSink) => void): Buffer {
  const sink = new BufferSink()
  write(sink)
  return sink.take()
}

function refused(code: string, hint: RegExp | null) {
  return (error: unknown) => {
    assert.ok(error instanceof ConnectionRefused)
    assert.equal(error.code, code)
    if (hint !== null) assert.match(error.report.hint ?? '', hint)
    return true
  }
}

const byPassword: Credential = { kind: 'password', password: 'pencil' }
const bySecret: Credential = { kind: 'scram', secret: kept }

test('where both sides see the same certificate the exchange passes, channel binding with it', async () => {
  const outcome = await logIn({ databaseEndPoint: ours })
  assert.deepEqual(outcome, { offered: [PLUS, PLAIN], clientUsed: PLUS, databaseSaw: PLUS })
})

test('without the auth file the client is offered what can pass, and may use it', async () => {
  const outcome = await logIn({ client: 'plain' })
  assert.deepEqual(outcome, { offered: [PLAIN], clientUsed: PLAIN, databaseSaw: PLAIN })
})

test('a client that would bind is told of the three ways', async () => {
  const ways = /--tls_client_cert.*--auth_file.*channel_binding=disable/
  await assert.rejects(logIn({ client: 'would bind' }), refused('channel-binding-impossible', ways))
})

test('an offer without channel binding passes as it is', async () => {
  const outcome = await logIn({ offer: [PLAIN], client: 'plain' })
  assert.deepEqual(outcome, { offered: [PLAIN], clientUsed: PLAIN, databaseSaw: PLAIN })
})

for (const [name, credential] of [
  ['the password', byPassword],
  ['the SCRAM secret', bySecret],
] as const) {
  for (const [client, clientUsed] of [
    ['binds', PLUS],
    ['plain', PLAIN],
  ] as const) {
    test(`with ${name} in the auth file a client that ${client === 'binds' ? 'binds' : 'does not bind'} gets in, and we bind to the database`, async () => {
      const outcome = await logIn({ credential, client })
      assert.deepEqual(outcome, { offered: [PLUS, PLAIN], clientUsed, databaseSaw: PLUS })
    })

    test(`with ${name} in the auth file a wrong password is refused before the database hears of it: ${client}`, async () => {
      const attempt = logIn({ credential, client, password: 'pen' })
      await assert.rejects(attempt, refused('password-wrong', null))
    })
  }
}

test('a client that was not told of channel binding though it was offered is refused', async () => {
  const attempt = logIn({ credential: byPassword, client: 'would bind' })
  await assert.rejects(attempt, refused('password-wrong', null))
})

test('with the auth file a client without TLS has nothing to bind to, and we bind all the same', async () => {
  const outcome = await logIn({ credential: byPassword, clientEndPoint: null, client: 'plain' })
  assert.deepEqual(outcome, { offered: [PLAIN], clientUsed: PLAIN, databaseSaw: PLUS })
})

test('a database whose certificate nobody can bind to is logged in to without', async () => {
  const parts = { databaseEndPoint: null, offer: [PLAIN, PLUS], credential: bySecret }
  assert.equal((await logIn(parts)).databaseSaw, PLAIN)
})

test('a secret that is not the one of the database is said to be so, a password fits any salt', async () => {
  const other = await secretOfPassword('pencil', Buffer.from('another salt 123'), 5000)
  const attempt = logIn({ credential: bySecret, databaseKeeps: other })
  await assert.rejects(attempt, refused('auth-file-outdated', /pg_authid/))
  assert.equal((await logIn({ credential: byPassword, databaseKeeps: other })).databaseSaw, PLUS)
})

test('a database that does not know the secret is not believed', async () => {
  const forged = { ...kept, serverKey: Buffer.alloc(32) }
  await assert.rejects(logIn({ credential: bySecret, databaseKeeps: forged }), ScramError)
})

test('md5 in the auth file is of no use for SCRAM', async () => {
  const outcome = await logIn({
    credential: { kind: 'md5', hash: '0'.repeat(32) },
    client: 'plain',
  })
  assert.deepEqual(outcome.offered, [PLAIN])
})

test('messages that are no part of an exchange pass, or end the connection where they cannot be read', async () => {
  const recorder = new RecordedOutlet()
  const login = new Login({
    user: 'alice',
    credential: null,
    clientEndPoint: ours,
    databaseEndPoint: theirs,
    toClient: recorder,
    toDatabase: recorder,
  })
  const ok = Buffer.from('520000000800000000', 'hex')
  assert.equal(login.fromDatabase(ok, 0, ok.length), false)
  const password = Buffer.from('700000000a70656e6369', 'hex')
  assert.equal(login.fromClient(password, 0, password.length), false)
  const offer = written((sink) => encodeSaslMechanisms([PLUS, PLAIN], sink))
  assert.equal(login.fromDatabase(offer, 0, offer.length), true)
  assert.throws(() => login.fromClient(password, 0, password.length), ProtocolError)
  const negative = Buffer.from('700000000a7800fffffffe', 'hex')
  assert.throws(() => login.fromClient(negative, 0, negative.length), ProtocolError)
})
