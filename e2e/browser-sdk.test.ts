/** AcraWriter and the client of AcraTranslator in headless Chromium, bundled as an application bundles them, with acra-translator behind the page's own origin. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type * as Sdk from '@acra-ts/sdk'
import { AcraReader, AcraWriter, acra } from '@acra-ts/sdk/node'
import type { BrowserContext, Page } from 'playwright-core'
import { createAuthority } from '#testing/certificates'
import { type Keys, runProgram, startService } from '../tools/programs.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { bundle } from './browser/bundle.ts'
import { startChromium } from './browser/chromium.ts'
import { type Pages, servePages } from './browser/pages.ts'
import { type Relay, relayTo } from './browser/relay.ts'

let sandbox: Sandbox
let browser: BrowserContext
let pages: Pages
let page: Page
let relay: Relay
let publicKey: string
before(async () => {
  sandbox = createSandbox('browser-sdk')
  const authority = createAuthority(sandbox.folder, 'authority')
  const [server, application] = [authority.server('server'), authority.client('application')]
  const keys = await keysOf(application.certFile)
  const name = readdirSync(keys.folder).find((file) => file.endsWith('_storage.pub')) ?? ''
  publicKey = readFileSync(join(keys.folder, name)).toString('base64')
  const translator = await startService(
    sandbox,
    'acra-translator',
    keys,
    [
      `--tls_cert=${server.certFile}`,
      `--tls_key=${server.keyFile}`,
      `--tls_ca=${authority.certFile}`,
      '--incoming_connection_close_timeout=0',
    ],
    'incoming_connection_http_string',
  )
  relay = relayTo(translator.port, {
    ca: readFileSync(authority.certFile),
    cert: readFileSync(application.certFile),
    key: readFileSync(application.keyFile),
  })
  const script = await bundle("import * as sdk from '@acra-ts/sdk'\nglobalThis.sdk = sdk")
  pages = await servePages(script, new Map(), relay.listener)
  browser = await startChromium(sandbox)
  page = await browser.newPage()
  await page.goto(pages.url)
})
after(async () => {
  await browser?.close()
  await pages?.stop()
  await sandbox.remove()
})

/** Keys of the client that shows this certificate. */
async function keysOf(certificate: string): Promise<Keys> {
  const [masterKey, folder] = [join(sandbox.folder, 'master.key'), join(sandbox.folder, 'keys')]
  const make = (environment: object, ...flags: string[]) =>
    runProgram('acra-keymaker', ['--keystore=v1', ...flags], sandbox.folder, environment)
  await make({}, `--generate_master_key=${masterKey}`)
  const environment = { ACRA_MASTER_KEY: readFileSync(masterKey, 'base64') }
  await make(
    environment,
    `--tls_cert=${certificate}`,
    '--client_id=',
    `--keys_output_dir=${folder}`,
    '--generate_acrawriter_keys',
    '--generate_symmetric_storage_key',
    '--generate_hmac_key',
  )
  return { folder, environment, commands: [] }
}

/** What pages have. */
declare const sdk: typeof Sdk
declare const location: { readonly origin: string }

test('what a page has encrypted with a public key alone, Node opens, and the reverse', async () => {
  const { publicKey, privateKey } = acra.generateKeyPair()
  const key = Buffer.from(publicKey).toString('base64')
  const zone = JSON.stringify({ id: 'DDDDDDDDaaaaaaaaaaaaaaaa', public_key: key })
  const [plain, zoned] = await page.evaluate(
    ([key, zone]) => [
      [...sdk.AcraWriter.forClient(sdk.acra, key).encrypt('für alle')],
      [...sdk.AcraWriter.forZone(sdk.acra, zone).encrypt('for a zone')],
    ],
    [key, zone] as const,
  )
  const reader = new AcraReader(acra, { privateKeys: [privateKey] })
  assert.equal(reader.decryptText(Uint8Array.from(plain ?? [])), 'für alle')
  const context = 'DDDDDDDDaaaaaaaaaaaaaaaa'
  const opened = acra.decryptAcraStruct(Uint8Array.from(zoned ?? []), privateKey, { context })
  assert.equal(new TextDecoder().decode(opened), 'for a zone')

  const ours = AcraWriter.forClient(acra, publicKey).encrypt('from Node')
  const text = await page.evaluate(
    ([stored, privateKey]) => {
      const keyring = { privateKeys: [Uint8Array.from(privateKey)] }
      return new sdk.AcraReader(sdk.acra, keyring).decryptText(Uint8Array.from(stored))
    },
    [[...ours], [...privateKey]] as const,
  )
  assert.equal(text, 'from Node')
})

test('a page gets plain values from acra-translator through its own origin, one by one and in bulk', async () => {
  const seen = await page.evaluate(async (key) => {
    const translator = new sdk.HttpTranslator({ url: location.origin })
    const text = (bytes: Uint8Array | null) => new TextDecoder().decode(bytes ?? undefined)
    const written = sdk.AcraWriter.forClient(sdk.acra, key).encrypt('by the writer')
    const answers: Record<string, unknown> = { written: text(await translator.decrypt(written)) }
    for (const [encrypt, decrypt] of [
      ['encrypt', 'decrypt'],
      ['encryptSym', 'decryptSym'],
      ['encryptSearchable', 'decryptSearchable'],
      ['encryptSymSearchable', 'decryptSymSearchable'],
    ] as const) {
      answers[decrypt] = text(await translator[decrypt](await translator[encrypt](decrypt)))
    }
    answers.hash = (await translator.generateQueryHash('a value')).length
    const items = [
      { operation: 'decrypt', data: written },
      { operation: 'decrypt', data: 'no envelope' },
    ] as const
    const [first, second] = await translator.bulk(items)
    answers.bulk = [text(first?.data ?? null), second?.error?.code]
    return answers
  }, publicKey)
  assert.deepEqual(seen, {
    written: 'by the writer',
    decrypt: 'decrypt',
    decryptSym: 'decryptSym',
    decryptSearchable: 'decryptSearchable',
    decryptSymSearchable: 'decryptSymSearchable',
    hash: 33,
    bulk: ['by the writer', 'TRANSLATOR_REFUSED'],
  })
})

/** What a call of a page comes to, where it has no result. */
function failureOf(options: { timeoutMs?: number; retries?: number; abortAfterMs?: number }) {
  return page.evaluate(async ({ abortAfterMs, ...options }) => {
    const translator = new sdk.HttpTranslator({ url: location.origin, ...options })
    const signal = abortAfterMs === undefined ? {} : { signal: AbortSignal.timeout(abortAfterMs) }
    try {
      await translator.encryptSym('a value', signal)
      return null
    } catch (error) {
      return error instanceof sdk.TranslatorError ? error.code : (error as Error).name
    }
  }, options)
}

test('a page tries again where nobody answers, and gives up after as many attempts as it was told', async () => {
  relay.behaviour = 'cut'
  const once = await failureOf({ retries: 0 })
  const asked = relay.asked.length
  assert.equal(once, 'TRANSLATOR_UNREACHABLE')
  assert.equal(await failureOf({ retries: 2 }), 'TRANSLATOR_UNREACHABLE')
  assert.ok(relay.asked.length - asked >= 3)

  const later = failureOf({ retries: 8 })
  await page.waitForEvent('requestfailed')
  relay.behaviour = 'pass'
  assert.equal(await later, null)
})

test('a page does not wait longer than it was told, and stops when it is told to', async () => {
  relay.behaviour = 'hang'
  assert.equal(await failureOf({ timeoutMs: 50, retries: 1 }), 'TRANSLATOR_TIMEOUT')
  assert.equal(await failureOf({ abortAfterMs: 50 }), 'TimeoutError')
  relay.behaviour = 'pass'
  assert.equal(await failureOf({}), null)
})
