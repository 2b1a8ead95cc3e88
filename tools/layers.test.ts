import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { codecs, layers, oxlintConfig } from './layers.ts'
import { repositoryFiles, root } from './repository.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

const suite = 'packages/suite/src'
const restricted = 'no-restricted-imports'

let sandbox: Sandbox
/** What is wrong with the sources themselves: the first test's concern alone. */
let alreadyThere: readonly string[] = []
before(() => {
  sandbox = createSandbox('layers')
  for (const path of repositoryFiles().filter((path) => /^packages\/[^/]+\/src\//.test(path))) {
    cpSync(join(root, path), join(sandbox.folder, path))
  }
  writeFileSync(join(sandbox.folder, '.oxlintrc.json'), JSON.stringify(oxlintConfig()))
  alreadyThere = findings({})
})
after(() => sandbox.remove())

/** The violations of layers, a line each, that the check finds in the copy with these files added. */
function findings(planted: Readonly<Record<string, string>>): string[] {
  const paths = Object.keys(planted).map((path) => join(sandbox.folder, path))
  for (const [path, content] of Object.entries(planted)) {
    mkdirSync(dirname(join(sandbox.folder, path)), { recursive: true })
    writeFileSync(join(sandbox.folder, path), content)
  }
  try {
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
    const args = [oxlint, '--deny-warnings', '--format=unix']
    const result = spawnSync(process.execPath, args, { cwd: sandbox.folder, encoding: 'utf8' })
    const lines = result.stdout
      .split('\n')
      .filter((line) =>
        /\((?:no-restricted-imports|no-restricted-properties|no-cycle)\)/.test(line),
      )
    assert.ok(result.status !== 0 || lines.length === 0, 'a finding fails the check')
    assert.match(result.stdout, /\d+ problems?|^$/)
    return lines.filter((line) => !alreadyThere.includes(line))
  } finally {
    for (const path of paths) rmSync(path)
  }
}

/** Plants one file and expects exactly one finding, of that rule and in that file. */
function refuses(path: string, content: string, rule = restricted): void {
  const found = findings({ [path]: `${content}\n` })
  assert.equal(found.length, 1, `${path}: ${content}\n${found.join('\n')}`)
  assert.ok(found[0]?.startsWith(`${path}:`) && found[0].includes(`(${rule})`), found[0])
}

function allows(path: string, content: string): void {
  assert.deepEqual(findings({ [path]: `${content}\n` }), [], `${path}: ${content}`)
}

test('the sources as they stand keep the rules', () => {
  assert.deepEqual(alreadyThere, [])
})

test('every folder of the suite has its layer', () => {
  const folders = repositoryFiles()
    .filter((path) => path.startsWith(`${suite}/`))
    .map((path) => path.split('/')[3])
  const known = layers.flat()
  assert.deepEqual(
    [...new Set(folders)].filter((name) => !known.includes(String(name))),
    [],
  )
})

test('each file of the packages falls under exactly one set of restrictions', () => {
  const { overrides } = oxlintConfig() as {
    overrides: { files: string[]; excludeFiles: string[] }[]
  }
  const matches = (globs: string[], path: string) =>
    globs.some((glob) => expression(glob).test(path))
  const further = layers
    .flat()
    .flatMap((folder) =>
      [
        'a.ts',
        'a.test.ts',
        'b/a.ts',
        'postgres/a.ts',
        'postgres/b/a.test.ts',
        'mysql.ts',
        'mysql-a.test.ts',
      ].map((name) => `${suite}/${folder}/${name}`),
    )
  const sources = repositoryFiles().filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path))
  for (const path of [...sources, ...further]) {
    const fitting = overrides.filter(
      ({ files, excludeFiles }) => matches(files, path) && !matches(excludeFiles, path),
    )
    assert.equal(fitting.length, 1, path)
  }
})

for (const [level, line] of layers.entries()) {
  for (const folder of line) {
    const upper = layers[level + 1]?.[0]
    if (upper) {
      test(`${folder} imports nothing of ${upper}, in whatever way`, () => {
        const target = `../${upper}/index.ts`
        refuses(
          `${suite}/${folder}/planted.ts`,
          `import { x } from '${target}'\nexport const y = x`,
        )
        refuses(`${suite}/${folder}/planted.ts`, `export type { X } from '${target}'`)
        refuses(
          `${suite}/${folder}/planted.test.ts`,
          `import type { X } from '${target}'\nexport type Y = X`,
        )
        refuses(`${suite}/${folder}/a/planted.ts`, `export const x = await import('../${target}')`)
        refuses(`${suite}/${folder}/postgres/planted.ts`, `export { x } from '../${target}'`)
      })
    }
    for (const neighbour of line.filter((other) => other !== folder)) {
      test(`${folder} does not know ${neighbour}`, () => {
        refuses(`${suite}/${folder}/planted.ts`, `export { x } from '../${neighbour}/index.ts'`)
      })
    }
  }
}

test('another folder is entered by an index.ts', () => {
  refuses(`${suite}/proxy/planted.ts`, `export { x } from '../keystore/planted-deep.ts'`)
  refuses(
    `${suite}/proxy/postgres/planted.ts`,
    `export { x } from '../../wire/postgres/planted-deep.ts'`,
  )
  allows(`${suite}/proxy/planted.ts`, `export { x } from '../wire/index.ts'`)
  allows(`${suite}/proxy/postgres/planted.ts`, `export { x } from '../../wire/postgres/index.ts'`)
  allows(`${suite}/proxy/postgres/planted.ts`, `export { x } from '../planted-deep.ts'`)
})

test('another package is imported by its name', () => {
  refuses(`${suite}/sql/planted.ts`, `export { x } from '../../../crypto/src/index.ts'`)
  refuses(`${suite}/sql/planted.ts`, `export { x } from '@acra-ts/crypto/dist/planted.js'`)
  refuses('tools/planted.ts', `export { x } from '../packages/crypto/src/index.ts'`)
  allows(`${suite}/sql/planted.ts`, `export { AcraError as X } from '@acra-ts/crypto'`)
})

test('the packages below never import the suite', () => {
  for (const name of ['crypto', 'sdk', 'console']) {
    refuses(`packages/${name}/src/planted.ts`, `export { x } from '@acra-ts/suite'`)
  }
})

test('PostgreSQL code never imports MySQL code, nor the reverse, in any folder', () => {
  for (const folder of layers.flat()) {
    refuses(`${suite}/${folder}/postgres/planted.ts`, `export { x } from '../mysql/planted.ts'`)
    refuses(`${suite}/${folder}/mysql/planted.ts`, `export { x } from '../postgres/planted.ts'`)
  }
  refuses(`${suite}/proxy/postgres/planted.test.ts`, `export { x } from '../mysql/planted.ts'`)
  refuses(`${suite}/proxy/postgres/planted.ts`, `export { x } from 'mysql2'`)
  refuses(`${suite}/sql/mysql/planted.ts`, `export { x } from 'libpg-query'`)
  refuses(`${suite}/sql/postgres.ts`, `export { x } from './mysql.ts'`)
})

test('codecs and the packages for browsers import no Node module, but their tests may', () => {
  for (const folder of [
    ...codecs.map((name) => `${suite}/${name}`),
    'packages/crypto/src',
    'packages/sdk/src',
  ]) {
    for (const below of ['', 'postgres/']) {
      refuses(`${folder}/${below}planted.ts`, `export { readFileSync } from 'node:fs'`)
      allows(`${folder}/${below}planted.test.ts`, `export { readFileSync } from 'node:fs'`)
    }
  }
  allows('packages/sdk/src/node.ts', `export { createHmac } from 'node:crypto'`)
})

test('only command lines read the process', () => {
  for (const property of ['argv', 'env', 'exit', 'exitCode']) {
    refuses(
      `${suite}/net/planted.ts`,
      `export const x = process.${property}`,
      'no-restricted-properties',
    )
  }
  allows(`${suite}/cli/planted.ts`, 'export const x = process.argv')
})

test('there are no cycles, of types either', () => {
  const found = findings({
    [`${suite}/net/planted-a.ts`]: `import type { B } from './planted-b.ts'\nexport type A = B | null\n`,
    [`${suite}/net/planted-b.ts`]: `import type { A } from './planted-a.ts'\nexport type B = A | 1\n`,
  })
  assert.ok(
    found.length > 0 && found.every((line) => line.includes('(no-cycle)')),
    found.join('\n'),
  )
})

function expression(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(
      /\*\*\/|\*\*|\*/g,
      (part) => ({ '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*' })[part] ?? part,
    )
  return new RegExp(`^${pattern}$`)
}
