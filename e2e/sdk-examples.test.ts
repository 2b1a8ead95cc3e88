/** What the SDK exports is documented, and its examples run as they stand: in comments, where editors show them, or in the guide. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { repositoryFiles, root } from '../tools/repository.ts'
import { createSandbox, type Sandbox } from '../tools/sandbox.ts'
import { compile, entriesOf, makeProject } from './published-packages.ts'

/** Something exported by name, with the comment above it. */
interface Declared {
  readonly name: string
  readonly file: string
  readonly isValue: boolean
  readonly comment: string
}

const sources = repositoryFiles().filter(
  (path) => path.startsWith('packages/sdk/src/') && !path.endsWith('.test.ts'),
)
const guide = readFileSync(join(root, 'docs/guide/sdk.md'), 'utf8')
/** What the programs of the guide import; a test runs them. */
const inGuide = new Set(
  [...guide.matchAll(/^<!-- tested -->\n```js\nimport \{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  ),
)

/** Every declaration of the package that is exported from its file. */
const declared: readonly Declared[] = sources.flatMap((file) => {
  const text = readFileSync(join(root, file), 'utf8')
  const pattern =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export (?:abstract )?(class|function|const|interface|type) (\w+)/gm
  return [...text.matchAll(pattern)].map(([, comment = '', kind = '', name = '']) => ({
    name,
    file,
    isValue: kind !== 'interface' && kind !== 'type',
    comment: comment.replace(/^ *\* ?/gm, '').trim(),
  }))
})

/** What can be imported by the package's entries. */
function isPublic({ name, file }: Declared): boolean {
  const entries = ['index', 'node', 'compat', 'exact-json'].map(
    (name) => `packages/sdk/src/${name}.ts`,
  )
  if (entries.includes(file)) return true
  if (/\/orm\/(?!kysely-nodes)/.test(file)) return true
  const module = `./${file.slice('packages/sdk/src/'.length)}`
  const exported = readFileSync(join(root, 'packages/sdk/src/index.ts'), 'utf8').matchAll(
    /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm,
  )
  return [...exported].some(
    ([, names = '', from]) => from === module && new RegExp(`\\b${name}\\b`).test(names),
  )
}

const api = declared.filter(isPublic)

/** The programs in a comment. */
function examplesIn({ comment }: Declared): string[] {
  return [...comment.matchAll(/@example\n```ts\n([\s\S]*?)```/g)].map(([, program = '']) => program)
}

let sandbox: Sandbox
before(async () => {
  sandbox = createSandbox('examples')
  await makeProject(sandbox.folder)
})
after(() => sandbox.remove())

test('what can be imported is what is looked at here', async () => {
  const program = `const names = new Set()
    for (const entry of ${JSON.stringify(await entriesOf('sdk'))}) for (const name of Object.keys(await import(entry))) names.add(name)
    console.log(JSON.stringify([...names].sort()))`
  const args = ['--input-type=module', '-e', program]
  const output = execFileSync(process.execPath, args, { cwd: sandbox.folder, encoding: 'utf8' })
  const values = api.filter(({ isValue }) => isValue).map(({ name }) => name)
  assert.deepEqual([...new Set(values)].sort(), JSON.parse(output))
})

test('everything that can be imported says what it is, options and codes in their members', () => {
  const silent = api.filter(
    ({ name, comment }) => comment === '' && !/(?:Options|Code|Operation)$/.test(name),
  )
  assert.deepEqual(
    silent.map(({ name, file }) => `${file}: ${name}`),
    [],
  )
})

test('every value that can be imported has an example, in its comment or in the guide', () => {
  const without = api.filter(
    (one) => one.isValue && examplesIn(one).length === 0 && !inGuide.has(one.name),
  )
  assert.deepEqual(
    without.map(({ name, file }) => `${file}: ${name}`),
    [],
  )
})

test('the examples compile, and print what they say', async () => {
  const examples = api.flatMap((one) =>
    examplesIn(one).map((program, at) => ({ file: `${one.name}-${at}`, program })),
  )
  assert.ok(examples.length >= 10, `${examples.length}`)
  for (const { file, program } of examples) {
    await writeFile(join(sandbox.folder, `${file}.mts`), program)
  }
  await compile(
    sandbox.folder,
    { module: 'nodenext', skipLibCheck: true },
    examples.map(({ file }) => `${file}.mts`),
  )
  for (const { file, program } of examples) {
    const expected = [...program.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(
      ([, said]) => said,
    )
    assert.ok(expected.length > 0, `${file} says what it prints`)
    const output = execFileSync(process.execPath, [`${file}.mjs`], {
      cwd: sandbox.folder,
      encoding: 'utf8',
    })
    assert.deepEqual(output.trimEnd().split('\n'), expected, file)
  }
})
