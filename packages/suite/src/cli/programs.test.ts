import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { documentation } from './documentation.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const bins = Object.entries(manifest.bin as Record<string, string>)
const written = bins.filter(([name]) => existsSync(join(root, `src/cli/${name}.ts`)))

const folder = mkdtempSync(join(tmpdir(), 'acra-programs-'))
after(() => rmSync(folder, { recursive: true }))

test('every program has a committed stub that can be started', () => {
  for (const [name, path] of bins) {
    assert.equal(path, `bin/${name}.js`)
    assert.match(readFileSync(join(root, path), 'utf8'), /^#!\/usr\/bin\/env node\n/)
    assert.equal(statSync(join(root, path)).mode & 0o111, 0o111, `${path} is executable`)
  }
})

test('a program that is started by a link says its name and version', () => {
  assert.ok(written.length > 0)
  for (const [name, path] of written) {
    symlinkSync(join(root, path), join(folder, name))
    const { stdout, stderr, status } = spawnSync(join(folder, name), ['--version'], {
      encoding: 'utf8',
    })
    assert.equal(stderr, '')
    assert.equal(stdout, `${name} ${manifest.version} (compatible with Acra 0.90 to 0.96)\n`)
    assert.equal(status, 0)
  }
})

test('every program has a page of its options', () => {
  const pages = documentation().map(({ path }) => path)
  for (const [name] of written) {
    assert.ok(pages.includes(`docs/guide/options/${name}.md`), `${name}: see cli/documentation.ts`)
  }
})

test('a stub says what to do where nothing was built', () => {
  mkdirSync(join(folder, 'unbuilt'))
  cpSync(join(root, 'bin'), join(folder, 'unbuilt/bin'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'unbuilt/package.json'))
  const stub = join(folder, 'unbuilt/bin/acra-keymaker.js')
  const { stderr, status } = spawnSync(process.execPath, [stub], { encoding: 'utf8' })
  assert.equal(
    stderr,
    'acra-keymaker: not built yet. Run "npm ci && npm run build" at the root of the repository.\n',
  )
  assert.equal(status, 1)
})

test('acra-server loads what an option has to ask for only then', () => {
  const program = JSON.stringify(new URL('./acra-server.js', import.meta.url).href)
  const script = `
    await import(${program})
    const { createRequire } = await import('node:module')
    console.log(JSON.stringify(Object.keys(createRequire(${program}).cache)))`
  const args = ['--input-type=module', '-e', script]
  const loaded: string[] = JSON.parse(
    spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout,
  )
  const packages = loaded.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
  assert.ok(packages.includes('yaml'), 'what is loaded always is seen')
  for (const name of ['pg', 'lmdb', '@redis/client', '@aws-sdk/client-kms', 'pkcs11js']) {
    assert.ok(!packages.includes(name), name)
  }
})
