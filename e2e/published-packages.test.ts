/** Whoever installs the packages can import every entry, with its types, in Node and in a bundle for browsers. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { build } from 'esbuild'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { compile, entriesOf, makeProject } from './published-packages.ts'

let sandbox: Sandbox
let entries: string[]
before(async () => {
  sandbox = createSandbox('published')
  await makeProject(sandbox.folder)
  entries = [...(await entriesOf('crypto')), ...(await entriesOf('sdk'))]
})
after(() => sandbox.remove())

/** Those that need Node. */
const ofNode = ['@acra-ts/crypto/node', '@acra-ts/sdk/compat', '@acra-ts/sdk/node']

function namesIn(flags: readonly string[], program: string): Record<string, string[]> {
  const args = [...flags, '-e', program]
  return JSON.parse(execFileSync(process.execPath, args, { cwd: sandbox.folder, encoding: 'utf8' }))
}

test('every entry is imported by modules and required by older code, with the same names', () => {
  const list = JSON.stringify(entries)
  const imported = namesIn(
    ['--input-type=module'],
    `const found = {}
     for (const entry of ${list}) found[entry] = Object.keys(await import(entry)).sort()
     console.log(JSON.stringify(found))`,
  )
  assert.deepEqual(Object.keys(imported), entries)
  assert.ok(imported['@acra-ts/sdk']?.includes('AcraWriter'))
  for (const [entry, names] of Object.entries(imported)) assert.ok(names.length > 0, entry)
  const required = namesIn(
    ['--input-type=commonjs', '--no-warnings'],
    `const found = {}
     for (const entry of ${list}) found[entry] = Object.keys(require(entry)).filter((name) => name !== 'module.exports').sort()
     console.log(JSON.stringify(found))`,
  )
  assert.deepEqual(required, imported)
})

test('files that are no entry cannot be imported', () => {
  const program = `await import('@acra-ts/sdk/dist/bytes.js').catch((error) => console.log(JSON.stringify(error.code)))`
  assert.equal(namesIn(['--input-type=module'], program), 'ERR_PACKAGE_PATH_NOT_EXPORTED')
})

test('every entry has types, for code that Node runs and for code that a bundler takes', async () => {
  const lines = entries.map(
    (entry, at) => `import * as entry${at} from '${entry}'\nvoid entry${at}`,
  )
  const typed = `import { acra, AcraWriter } from '@acra-ts/sdk'
    export const stored: Uint8Array = AcraWriter.forClient(acra, acra.generateKeyPair().publicKey).encrypt('a')
    // @ts-expect-error: were the types lost, this would be allowed.
    export const wrong: number = acra.generateSymmetricKey()`
  await writeFile(join(sandbox.folder, 'imports.mts'), [...lines, typed].join('\n'))
  // What they declare is checked too, but for what others declare.
  const options = { noEmit: true, skipLibCheck: false }
  for (const module of [
    { module: 'nodenext' },
    { module: 'preserve', moduleResolution: 'bundler' },
  ]) {
    await compile(sandbox.folder, { ...options, ...module }, ['imports.mts'])
  }
})

test('every entry but those of Node is bundled for browsers without a module of Node', async () => {
  for (const entry of entries.filter((entry) => !ofNode.includes(entry))) {
    const { outputFiles, warnings } = await build({
      stdin: { contents: `export * from '${entry}'`, resolveDir: sandbox.folder },
      bundle: true,
      write: false,
      minify: true,
      format: 'esm',
      platform: 'browser',
      logLevel: 'silent',
    })
    assert.deepEqual(warnings, [], entry)
    const [{ text = '' } = {}] = outputFiles
    assert.doesNotMatch(text, /\bprocess\.|\brequire\(/, entry)
    assert.ok(text.length < 100_000, `${entry}: ${text.length} bytes`)
  }
})
