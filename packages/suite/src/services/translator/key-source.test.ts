import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { VaultStandIn } from '../../keystore/master-key/testing/index.ts'
import { createAuthority } from '../../net/tls/testing/index.ts'
import { base64, masterKey, startTestTranslator, type TestTranslator } from './testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'acra-key-source-'))
const authority = createAuthority(folder, 'authority')
after(() => rmSync(folder, { recursive: true }))

test('while Vault is away keys in memory go on for their time, then nothing is done until it is back', async () => {
  const vault = await VaultStandIn.start(authority)
  vault.content.secrets['secret/acra'] = { acra_master_key: masterKey }
  const options = {
    vault_connection_api_string: vault.service.url,
    vault_secrets_path: 'secret/acra',
    vault_tls_client_ca: authority.certFile,
    keystore_probe_interval: 0.02,
    keystore_offline_ttl: 1,
    incoming_connection_prometheus_metrics_string: 'tcp://127.0.0.1:0/',
  }
  const environment = { VAULT_API_TOKEN: base64('hvs.a-token') }
  const translator = await startTestTranslator(options, environment)
  const grpc = translator.grpcClient(translator.ann)
  /** Whether HTTP and gRPC do their work. */
  const works = async () => {
    const { status } = await translator.json('encryptSym', { data: base64('a value') })
    const isSealed = await grpc.encryptSym('a value').then(
      () => true,
      () => false,
    )
    return [status === 200, isSealed]
  }
  assert.deepEqual(await works(), [true, true])
  assert.equal(await degraded(translator), '0')
  vault.service.goDown()
  await says(translator, 'code=2030')
  assert.equal(await degraded(translator), '1')
  const meanwhile = await works()
  // On a slow machine the time may be over by now.
  if (!hasSaid(translator, 'code=2032')) assert.deepEqual(meanwhile, [true, true])
  await says(translator, 'code=2032')
  assert.deepEqual(await works(), [false, false], 'the time is over')
  vault.service.comeBack()
  await says(translator, 'code=2031')
  assert.deepEqual(await works(), [true, true])
  assert.equal(await degraded(translator), '0')
  grpc.close()
  await translator.stop()
  vault.service.close()
})

async function says(translator: TestTranslator, text: string): Promise<void> {
  while (!hasSaid(translator, text)) await sleep(5)
}

function hasSaid({ lines }: TestTranslator, text: string): boolean {
  return lines.some((line) => line.includes(text))
}

async function degraded({ lines }: TestTranslator): Promise<string | undefined> {
  const place = /Metrics are at tcp:\/\/([\d.:]+)/.exec(lines.join(''))?.[1]
  const text = await (await fetch(`http://${place}/metrics`)).text()
  return /^acratranslator_keystore_degraded (\d+)$/m.exec(text)?.[1]
}
