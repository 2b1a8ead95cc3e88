/** Taste that a program can check. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { repositoryFiles, root } from './repository.ts'

const files = repositoryFiles()
const sources = files.filter((path) => /\.(?:ts|mjs|js)$/.test(path))
const documents = files.filter((path) => path.endsWith('.md'))

/** Written by a program: nobody reads them at a sitting. */
const generated = ['packages/suite/src/sql/postgres/catalog-names.ts']

const text = (path: string) => readFileSync(join(root, path), 'utf8')

/** The places where `pattern` occurs, as `path:line`. */
function places(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    text(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  )
}

test('files and folders of code are named in kebab-case', () => {
  const name = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*)(?:\.[a-z0-9-]+)*$/
  const bad = sources.filter((path) => !path.split('/').every((part) => name.test(part)))
  assert.deepEqual(bad, [])
})

test('sources that are long are named, so that somebody looks whether they have one subject', (t) => {
  for (const path of sources) {
    if (/\.(test|contract)\.ts$/.test(path) || generated.includes(path)) continue
    const lines = text(path).split('\n').length
    if (lines > 400) t.diagnostic(`${path} has ${lines} lines`)
  }
})

test('no keystore that a program made here is part of the project', () => {
  assert.deepEqual(
    files.filter((path) => path.split('/').includes('.acrakeys')),
    [],
  )
})

test('nothing is left for later in a comment', () => {
  assert.deepEqual(places([...sources, ...documents], /\b(?:TO[D]O|FIX[M]E|XX[X])\b/), [])
})

test('no test runs alone, and none is skipped without a reason', () => {
  assert.deepEqual(places(sources, /\b(?:test|it|describe|suite)\.onl[y]\(|\bonl[y]: true/), [])
  assert.deepEqual(
    places(sources, /\b(?:test|it|describe|suite)\.(?:skip|todo)\(|\b(?:skip|todo): true/),
    [],
  )
})

test('no error is swallowed without a word', () => {
  const swallowed = sources.filter((path) => /catch\s*(?:\([^)]*\))?\s*\{\s*\}/.test(text(path)))
  assert.deepEqual(swallowed, [])
})

test('what stands in a folder for tests is imported by tests only', () => {
  const others = sources.filter((path) => !/\.(?:test|contract)\.ts$|\/testing\//.test(path))
  assert.deepEqual(places(others, /from '.*\/testing\//), [])
})

test('every index says what is in its folder', () => {
  const indexes = sources.filter((path) => path.endsWith('/index.ts'))
  assert.deepEqual(
    indexes.filter((path) => !text(path).startsWith('/**')),
    [],
  )
})

test('links in documents lead somewhere', () => {
  const broken = documents.flatMap((path) => {
    const prose = text(path)
      .replace(/^```[\s\S]*?^```/gm, '')
      .replace(/`[^`\n]*`/g, '')
    return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return []
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? path : join(dirname(path), file)
      if (!existsSync(join(root, linked))) return [`${path}: ${target}`]
      return anchor === undefined || anchors(linked).includes(anchor) ? [] : [`${path}: ${target}`]
    })
  })
  assert.deepEqual(broken, [])
})

/** The anchors that GitHub gives to the headings of a document. */
function anchors(path: string): string[] {
  return [...text(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('documents name scripts that are there', () => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> }
  const named = documents.flatMap((path) =>
    [...text(path).matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)].map(([, run, test]) => ({
      path,
      script: run ?? test ?? '',
    })),
  )
  assert.ok(named.length > 0)
  assert.deepEqual(
    named.filter(({ script }) => !Object.hasOwn(scripts, script)),
    [],
  )
})

test('the programs of the packages can be run', () => {
  for (const path of files.filter((path) => /^packages\/[^/]+\/bin\/acra-/.test(path))) {
    assert.ok(statSync(join(root, path)).mode & 0o100, `${path} is executable`)
    assert.ok(text(path).startsWith('#!/usr/bin/env node\n'), `${path} names its interpreter`)
  }
  for (const { name, manifest } of packages()) {
    for (const target of Object.values(manifest.bin ?? {})) {
      assert.ok(files.includes(`${name}/${target}`), `${name}: ${target} is in the repository`)
    }
  }
})

test('packages are published with what they export and without their tests', () => {
  for (const { name, manifest } of packages().filter(({ manifest }) => !manifest.private)) {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], {
      cwd: join(root, name),
      encoding: 'utf8',
    })
    const [{ files: packed }] = JSON.parse(output) as [{ files: { path: string }[] }]
    const paths = packed.map(({ path }) => path)
    assert.deepEqual(
      paths.filter((path) => /\.(?:test|contract)\.|\/testing\/|^src\/|^test\//.test(path)),
      [],
      name,
    )
    for (const target of Object.values(manifest.exports ?? {})) {
      assert.ok(paths.includes(target.replace('./', '')), `${name} publishes ${target}`)
    }
    assert.ok(
      paths.includes('LICENSE') && paths.includes('README.md'),
      `${name} publishes its licence and README`,
    )
  }
})

interface Manifest {
  readonly private?: boolean
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
}

function packages(): { name: string; manifest: Manifest }[] {
  return files
    .filter((path) => /^packages\/[^/]+\/package\.json$/.test(path))
    .map((path) => ({ name: dirname(path), manifest: JSON.parse(text(path)) as Manifest }))
}

test('all packages have one version', () => {
  const versions = packages().map(({ manifest }) => manifest.version)
  assert.equal(
    new Set([...versions, (JSON.parse(text('package.json')) as Manifest).version]).size,
    1,
  )
})

test('the lock file names what other systems need, else npm ci fails there', () => {
  const { packages: locked } = JSON.parse(text('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const missing = Object.entries(locked).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !locked[`node_modules/${name}`] && !locked[`${path}/node_modules/${name}`],
    ),
  )
  assert.deepEqual(missing, [])
})
