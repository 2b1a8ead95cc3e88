/** The packages as they are published, in a project of a stranger: packed, unpacked where npm would put them, nothing of this repository beside them. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../tools/repository.ts'

const run = promisify(execFile)
const names = ['crypto', 'sdk']

/** What the packages need of others, and a project that checks types. */
const others = ['@noble', '@grpc', '@types', 'undici-types']

/** Makes the project in an empty folder. */
export async function makeProject(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@acra-ts'), { recursive: true })
  for (const name of others) await symlink(join(root, 'node_modules', name), join(modules, name))
  for (const name of names) {
    const args = ['pack', '--json', '--loglevel=error', `--pack-destination=${folder}`]
    const { stdout } = await run('npm', args, { cwd: join(root, 'packages', name) })
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
    const target = join(modules, '@acra-ts', name)
    await mkdir(target)
    await run('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', target])
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }')
}

/** What the SDK can be imported by: `@acra-ts/sdk`, `@acra-ts/sdk/node`, and so on; files that are no modules left out. */
export async function entriesOf(name: string): Promise<string[]> {
  const text = await readFile(join(root, 'packages', name, 'package.json'), 'utf8')
  const { exports } = JSON.parse(text) as { exports: Record<string, string> }
  return Object.entries(exports)
    .filter(([, target]) => target.endsWith('.js'))
    .map(([path]) => `@acra-ts/${name}${path.slice(1)}`)
}

/** Runs the compiler in a folder; throws with what it said. */
export async function compile(folder: string, options: object, files: string[]): Promise<void> {
  const config = join(folder, 'tsconfig.json')
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    ...options,
  }
  await writeFile(config, JSON.stringify({ compilerOptions, files }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  try {
    await run(process.execPath, [compiler, '-p', config], { cwd: folder })
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error })
  }
}
