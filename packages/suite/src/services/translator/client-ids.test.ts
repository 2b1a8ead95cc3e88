import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { clientIdOfCertificate } from '../../net/identity/index.ts'
import { base64, startTestTranslator, type TestTranslator } from './testing/index.ts'

const idOf = ({ cert }: { readonly cert: string }) =>
  clientIdOfCertificate(new X509Certificate(cert).raw, 'distinguished_name')

/** Whose value it is: only its owner opens it, by a connection of his own that names nobody. */
async function ownerOf(translator: TestTranslator, sealed: Uint8Array): Promise<string> {
  const opens = async (client: TestTranslator['ann']) => {
    const body = { data: base64(sealed) }
    return (await translator.json('decryptSym', body, { client })).status === 200
  }
  const [byAnn, byBob] = [await opens(translator.ann), await opens(translator.bob)]
  assert.notEqual(byAnn, byBob)
  return byAnn ? 'ann' : 'bob'
}

test('HTTP takes the client id from the connection, whatever a request says', async () => {
  const translator = await startTestTranslator({
    acratranslator_client_id_from_connection_enable: false,
  })
  const { ann, bob } = translator
  const named = { client_id: idOf(ann), clientId: idOf(ann) }
  const one = await translator.json(
    'encryptSym',
    { data: base64('a value'), ...named },
    { client: bob },
  )
  assert.equal(one.status, 200)
  assert.equal(await ownerOf(translator, Buffer.from(String(one.body.data), 'base64')), 'bob')
  const request_data = { data: base64('a value'), ...named }
  const requests = [{ request_id: 1, operation: 'encryptSym', request_data, ...named }]
  const many = await translator.json('bulkProcessing', { requests, ...named }, { client: bob })
  const [{ response_data: answer }] = JSON.parse(many.text)
  assert.equal(await ownerOf(translator, Buffer.from(answer.data, 'base64')), 'bob')
  const query = `client_id=${idOf(ann)}`
  const body = Buffer.from('a value')
  const sealed = await translator.call(`/v1/encrypt?${query}`, { body, client: bob })
  const opened = (client: typeof ann) =>
    translator.call(`/v1/decrypt?${query}`, { body: sealed.body, client })
  assert.deepEqual([(await opened(bob)).status, (await opened(ann)).status], [200, 422])
  await translator.stop()
})

test('gRPC takes the client id from the connection, whatever a request says', async () => {
  const translator = await startTestTranslator()
  const client = translator.grpcClient(translator.bob, { clientId: idOf(translator.ann) })
  assert.equal(await ownerOf(translator, await client.encryptSym('a value')), 'bob')
  const [result] = await client.bulk([{ operation: 'encryptSym', data: 'a value' }])
  assert.equal(await ownerOf(translator, result?.data ?? new Uint8Array(0)), 'bob')
  client.close()
  await translator.stop()
})

test('for clients of the original gRPC takes it from requests, and says at start what that means', async () => {
  const translator = await startTestTranslator({
    acratranslator_client_id_from_connection_enable: false,
  })
  assert.match(translator.lines.join(''), /level=warning msg="Every client can name any client id/)
  const client = translator.grpcClient(translator.bob, { clientId: idOf(translator.ann) })
  assert.equal(await ownerOf(translator, await client.encryptSym('a value')), 'ann')
  const nobody = translator.grpcClient(translator.bob)
  await assert.rejects(nobody.encryptSym('a value'), { message: 'clientID is empty' })
  client.close()
  nobody.close()
  await translator.stop()
})

test('where client ids are listed a request can name those and that of its connection, in single, bulk and streamed calls', async () => {
  // The names of the certificates are always the same, and so are their ids.
  const probe = await startTestTranslator()
  const annsId = idOf(probe.ann)
  await probe.stop()
  const translator = await startTestTranslator({
    acratranslator_client_id_from_connection_enable: false,
    acratranslator_client_id_allow_list: `someid, ${annsId}`,
  })
  const { ann, bob, lines } = translator
  assert.doesNotMatch(lines.join(''), /Every client can name any/)
  const byBob = translator.grpcClient(bob, { clientId: annsId })
  assert.equal(await ownerOf(translator, await byBob.encryptSym('a value')), 'ann')
  const himself = translator.grpcClient(bob, { clientId: idOf(bob) })
  assert.equal(await ownerOf(translator, await himself.encryptSym('a value')), 'bob')
  const byAnn = translator.grpcClient(ann, { clientId: idOf(bob) })
  const refused = { message: 'clientID is not allowed' }
  await assert.rejects(byAnn.encryptSym('a value'), refused)
  const item = { operation: 'encryptSym', data: 'a value' } as const
  const [result] = await byAnn.bulk([item])
  assert.equal(result?.error?.message, 'clientID is not allowed')
  for await (const { error } of byAnn.stream([item])) {
    assert.equal(error?.message, 'clientID is not allowed')
  }
  assert.match(
    lines.join(''),
    new RegExp(`client_id=${annsId} code=707 error="clientID is not allowed" named_client_id=`),
  )
  for (const client of [byBob, himself, byAnn]) client.close()
  await translator.stop()
})

test('a list that has no effect, or names what is no client id, stops the start', async () => {
  await assert.rejects(startTestTranslator({ acratranslator_client_id_allow_list: 'someid' }), {
    message: /acratranslator_client_id_allow_list: has no effect unless/,
  })
  await assert.rejects(
    startTestTranslator({
      acratranslator_client_id_from_connection_enable: false,
      acratranslator_client_id_allow_list: 'someid,a b',
    }),
    { message: /acratranslator_client_id_allow_list: "a b" is no client id/ },
  )
})
