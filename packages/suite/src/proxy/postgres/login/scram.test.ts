import assert from 'node:assert/strict'
import test from 'node:test'
import {
  channelBindingFlag,
  keysOfPassword,
  parseScramSecret,
  ScramClient,
  ScramError,
  ScramServer,
  secretOfPassword,
} from './scram.ts'

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const endPoint = Buffer.alloc(32, 7)

function clientOf(password: string, binding: Buffer | null = null, nonce = 'clientnonce') {
  return new ScramClient((s, i) => keysOfPassword(password, s, i), binding, nonce)
}

test('the exchange of RFC 7677 comes out byte for byte', async () => {
  // RFC 7677, section 3; its client-first message names the user, which goes into the proof.
  const keys = await keysOfPassword('pencil', salt, 4096)
  const secret = await secretOfPassword('pencil', salt, 4096)
  const server = new ScramServer(secret, null, '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0')
  const serverFirst = server.first('SCRAM-SHA-256', 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
  assert.equal(
    serverFirst,
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  )
  const { serverFinal, keys: shown } = server.final(
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
      'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  )
  assert.equal(serverFinal, 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  assert.deepEqual(shown.clientKey, keys.clientKey)
})

for (const binding of [null, endPoint]) {
  const mechanism = binding === null ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS'
  test(`client and server of ${mechanism} understand each other, and a keyless proxy can go on`, async () => {
    const secret = await secretOfPassword('pencil', salt, 4096)
    const client = clientOf('pencil', binding)
    const server = new ScramServer(secret, binding, 'servernonce')
    const clientFinal = await client.final(server.first(mechanism, client.first))
    const { serverFinal, keys } = server.final(clientFinal)
    client.verify(serverFinal)
    // With the keys that the proof has shown, but without the password, to another server.
    const onward = new ScramClient(async () => keys, null, 'proxynonce')
    const database = new ScramServer(secret, null, 'dbnonce')
    const final = await onward.final(database.first('SCRAM-SHA-256', onward.first))
    onward.verify(database.final(final).serverFinal)
  })
}

test('a wrong password, a wrong binding and a changed message are all the same failure', async () => {
  const secret = await secretOfPassword('pencil', salt, 4096)
  const failures: string[] = []
  const attempt = async (password: string, binding: Buffer | null, change = (m: string) => m) => {
    const mechanism = binding === null ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS'
    const client = clientOf(password, binding)
    const server = new ScramServer(secret, endPoint, 'servernonce')
    const final = await client.final(server.first(mechanism, client.first))
    assert.throws(
      () => server.final(change(final)),
      (error) => error instanceof ScramError && failures.push(error.message) > 0,
    )
  }
  await attempt('wrong', null)
  await attempt('pencil', Buffer.alloc(32, 8))
  await attempt('pencil', null, (m) => m.replace('r=clientnonce', 'r=otherrrnonce'))
  assert.equal(new Set(failures).size, 1)
})

test('a client that was kept from channel binding is refused', async () => {
  const secret = await secretOfPassword('pencil', salt, 4096)
  const server = new ScramServer(secret, endPoint, 'servernonce')
  assert.throws(() => server.first('SCRAM-SHA-256', 'y,,n=,r=abc'), ScramError)
})

test('a server that does not know the secret is not believed', async () => {
  const client = clientOf('pencil')
  await client.final('r=clientnonceX,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096')
  assert.throws(() => client.verify('v=AAAA'), ScramError)
  assert.throws(() => client.verify('e=invalid-proof'), ScramError)
})

test('messages that break the standard are refused', async () => {
  for (const message of [
    '',
    'n,,',
    'x,,n=,r=a',
    'p=tls-unique,,n=,r=a',
    'n,,m=1,n=,r=a',
    'n,,n=,r=',
    'n,,n=,r=a b',
  ]) {
    assert.throws(() => channelBindingFlag(message), ScramError, message)
  }
  const client = clientOf('pencil')
  for (const message of [
    '',
    'r=other,s=AAAA,i=4096',
    'r=clientnonce,s=AAAA,i=4096',
    'r=clientnonceX,s=AAAA,i=0',
    'r=clientnonceX,s=AAAA,i=9999999',
    'r=clientnonceX,s=,i=4096',
  ]) {
    await assert.rejects(client.final(message), ScramError, message)
  }
})

test('the flag of channel binding is read', () => {
  assert.equal(channelBindingFlag('n,,n=,r=a'), 'n')
  assert.equal(channelBindingFlag('y,,n=,r=a'), 'y')
  assert.equal(channelBindingFlag('p=tls-server-end-point,,n=,r=a'), 'p')
})

test('secrets are read as pg_authid shows them, and nothing else is', () => {
  const text = `SCRAM-SHA-256$4096:${salt.toString('base64')}$${endPoint.toString('base64')}:${endPoint.toString('base64')}`
  assert.deepEqual(parseScramSecret(text), {
    iterations: 4096,
    salt,
    storedKey: endPoint,
    serverKey: endPoint,
  })
  for (const bad of ['', 'pencil', text.replace('4096', '0'), text.slice(0, -8), `${text}x$`]) {
    assert.equal(parseScramSecret(bad), null, bad)
  }
})
