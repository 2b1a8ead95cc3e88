/** The browser's entry in a real browser: headless Chromium runs the tests of the crypto package on @noble, and bundles of the SDK. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { BrowserContext } from 'playwright-core'
import { root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { contractScript, cryptoTests, testScript } from './browser/bundle.ts'
import { startChromium } from './browser/chromium.ts'
import { servePages } from './browser/pages.ts'

/** What only Node has. */
const ofNode = ['a key that is given as a Buffer stays as it was']

let sandbox: Sandbox
let browser: BrowserContext
before(async () => {
  sandbox = createSandbox('browser')
  browser = await startChromium(sandbox)
})
after(async () => {
  await browser?.close()
  await sandbox.remove()
})

const suites = [
  ['primitives.contract.js', contractScript],
  ...cryptoTests().map((path) => [path, () => testScript(path)] as const),
] as const

for (const [path, script] of suites) {
  test(`in Chromium, on @noble: ${path}`, async (t) => {
    const results = await runInPage(await script())
    assert.ok(results.length > 0)
    for (const { name, failure } of results.filter(({ name }) => !ofNode.includes(name))) {
      await t.test(name, () => assert.equal(failure, null))
    }
  })
}

interface Result {
  readonly name: string
  readonly failure: string | null
}

async function runInPage(script: string): Promise<Result[]> {
  const themis = readFileSync(join(root, 'node_modules/wasm-themis/dist/libthemis.wasm'))
  const pages = await servePages(script, new Map([['libthemis.wasm', themis]]))
  const page = await browser.newPage()
  try {
    await page.goto(pages.url)
    return await page.evaluate<Result[]>('results()')
  } finally {
    await page.close()
    await pages.stop()
  }
}
