import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root, runQuietly } from './process.mjs'

/** Where sources stand and where the compiler puts what it makes of them, relative to the root. */
export function emitted() {
  const packages = readdirSync(join(root, 'packages')).filter((name) =>
    existsSync(join(root, 'packages', name, 'tsconfig.json')),
  )
  return [
    ...packages.map((name) => ({
      source: `packages/${name}/src`,
      output: `packages/${name}/dist`,
      records: [
        `packages/${name}/tsconfig.tsbuildinfo`,
        `packages/${name}/tsconfig.test.tsbuildinfo`,
      ],
    })),
    ...['e2e', 'bench', 'tools'].map((name) => ({
      source: name,
      output: `.build/${name}`,
      records: ['.build/tsconfig.tools.tsbuildinfo'],
    })),
  ]
}

/** Compiles everything that is not up to date, and bundles the pages of the console. Resolves to an exit code: 0 where all went well. */
export async function build() {
  prune()
  const compiler = ['node_modules/typescript/bin/tsc', '-b']
  const compiled = await runQuietly('building', process.execPath, compiler)
  if (compiled !== 0 || !pagesAreOld()) return compiled
  const bundler = ['node_modules/vite/bin/vite.js', 'build', 'packages/console']
  return runQuietly('building the console', process.execPath, bundler)
}

/** Whether the pages have changed since they were bundled. */
function pagesAreOld() {
  const source = join(root, 'packages/console')
  const made = join(root, 'packages/suite/pages/index.html')
  if (!existsSync(source)) return false
  if (!existsSync(made)) return true
  const { mtimeMs } = statSync(made)
  const sources = ['index.html', 'vite.config.mjs', 'package.json'].map((name) =>
    join(source, name),
  )
  return [...sources, ...files(join(source, 'src'))].some(
    (path) => statSync(path).mtimeMs > mtimeMs,
  )
}

/**
 * Removes emitted files whose source is gone, and the compiler's record where an emitted file is missing: by the
 * record alone the compiler would not make it again.
 */
export function prune() {
  for (const place of emitted()) prunePlace(place)
}

function prunePlace({ source, output, records }) {
  for (const path of files(join(root, output))) {
    const match = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(path)
    if (!match) continue
    const origin = join(root, source, relative(join(root, output), match[1]))
    if (!existsSync(`${origin}.ts`) && !existsSync(`${origin}.tsx`)) rmSync(path)
  }
  const missing = files(join(root, source)).some((path) => {
    if (!path.endsWith('.ts') || path.endsWith('.d.ts')) return false
    const made = `${relative(join(root, source), path).slice(0, -'.ts'.length)}.js`
    return !existsSync(join(root, output, made))
  })
  if (missing) for (const record of records) rmSync(join(root, record), { force: true })
}

/** Every file below `folder`, as full paths; none where the folder does not exist. */
export function files(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
