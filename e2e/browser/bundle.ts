/** Scripts for pages, made by esbuild as an application would: from the packages as they are published. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { root } from '../../tools/repository.ts'

const crypto = join(root, 'packages/crypto')
const dist = join(crypto, 'dist')

/** One module for a page. Throws where it would need a module of Node. */
export async function bundle(source: string, plugins: Plugin[] = []): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: join(root, 'e2e') },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'chrome120',
    logLevel: 'silent',
    plugins,
  })
  return outputFiles[0]?.text ?? ''
}

/** The tests of the crypto package that stand on a set of primitives: all but those on the memory of a process, and of Node's set alone. */
export function cryptoTests(): string[] {
  return ['envelope', 'themis']
    .flatMap((folder) => readdirSync(join(dist, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith('.test.js') && path !== 'envelope/wipe.test.js')
    .concat('noble-vectors.test.js')
    .sort()
}

/** A script of one file of tests as it is, on @noble; the global `results()` runs them. What of Node they import is stood in for. */
export function testScript(path: string): Promise<string> {
  return bundle(
    `import { results } from 'node:test'
     const loaded = import(${JSON.stringify(join(dist, path))})
     globalThis.results = () => loaded.then(results)`,
    [onNoble],
  )
}

/** A script that runs the contract of primitives. */
export function contractScript(): Promise<string> {
  return bundle(
    `import { noblePrimitives } from ${JSON.stringify(join(dist, 'noble.js'))}
     import { testPrimitives } from ${JSON.stringify(join(dist, 'primitives.contract.js'))}
     import { results } from 'node:test'
     testPrimitives('@noble', noblePrimitives)
     globalThis.results = results`,
    [onNoble],
  )
}

const standIns = join(root, '.build/e2e/browser/stand-ins')
const vectorFolder = join(crypto, 'test/vectors')

/** What tests import, and what they get in a page. */
const onNoble: Plugin = {
  name: 'tests on @noble',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:test$/ }, () => ({ path: join(standIns, 'test.js') }))
    onResolve({ filter: /^node:assert\/strict$/ }, () => ({ path: join(standIns, 'assert.js') }))
    onResolve({ filter: /^node:fs$/ }, () => ({ path: 'vectors', namespace: 'made' }))
    onResolve({ filter: /^\.\.?\/node\.js$/ }, () => ({ path: 'primitives', namespace: 'made' }))
    onResolve({ filter: /\/testing\/themis\.js$/ }, () => ({ path: join(standIns, 'themis.js') }))
    // Themis looks whether it is in Node before it asks for these.
    onResolve({ filter: /^(?:fs|path|crypto|util|ws)$/ }, () => ({
      path: 'nothing',
      namespace: 'made',
    }))
    onLoad({ filter: /^nothing$/, namespace: 'made' }, () => ({ contents: 'export {}' }))
    onLoad({ filter: /^primitives$/, namespace: 'made' }, () => ({
      contents: `export { noblePrimitives as nodePrimitives } from ${JSON.stringify(join(dist, 'noble.js'))}`,
      resolveDir: dist,
    }))
    onLoad({ filter: /^vectors$/, namespace: 'made' }, () => ({ contents: vectorModule() }))
  },
}

/** In the place of node:fs: the files of vectors by the end of their address. */
function vectorModule(): string {
  const texts = Object.fromEntries(
    readdirSync(vectorFolder).map((name) => [name, readFileSync(join(vectorFolder, name), 'utf8')]),
  )
  return `const texts = ${JSON.stringify(texts)}
    export const readFileSync = (url) => texts[url.pathname.split('/').at(-1)]`
}
