import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { BlockKey, sealBlockInContainer } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { BufferSink } from '../../foundation/index.ts'
import { masterKeyFromEnvironment, openKeystore } from '../../keystore/index.ts'
import { base64, masterKey, startTestTranslator, type TestTranslator } from './testing/index.ts'

async function poisonRecord({ folder }: TestTranslator): Promise<Buffer> {
  const wrapper = masterKeyFromEnvironment({ ACRA_MASTER_KEY: masterKey })
  const keystore = await openKeystore({ folder: join(folder, 'keys'), wrapper, warn: () => {} })
  const [key] = await keystore.keys({ purpose: 'poison-symmetric', owner: null })
  const out = new BufferSink()
  sealBlockInContainer(new BlockKey(nodePrimitives, key!.secret), Buffer.from('poison'), out)
  return out.take()
}

for (const front of ['HTTP', 'gRPC'] as const) {
  test(`shutdown breaks off every connection: who asks with a poison record over ${front} gets no answer`, async () => {
    const translator = await startTestTranslator({
      poison_detect_enable: true,
      poison_shutdown_enable: true,
    })
    const record = await poisonRecord(translator)
    const other = translator.grpcClient(translator.bob)
    await other.encryptSym('a value')
    const grpc = translator.grpcClient(translator.ann)
    const asked =
      front === 'HTTP'
        ? translator.json('decryptSym', { data: base64(record) })
        : grpc.decryptSym(record)
    const error = await asked.then(
      () => null,
      (error: Error) => error,
    )
    assert.match(String(error), front === 'HTTP' ? /hang up|ECONNRESET/ : /Connection dropped/)
    await translator.service.failed
    await assert.rejects(translator.json('encryptSym', { data: base64('x') }), /ECONNREFUSED/)
    for (const client of [grpc, other]) client.close()
    await translator.stop()
  })
}
