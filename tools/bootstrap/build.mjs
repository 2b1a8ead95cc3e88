import { existsSync, readdirSync, rmSync } from 'node:fs'
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

/** Compiles everything that is not up to date. Resolves to the compiler's exit code. */
export async function build() {
  prune()
  return runQuietly('building', process.execPath, ['node_modules/typescript/bin/tsc', '-b'])
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
    const origin = join(root, source, relative(join(root, output), `${match[1]}.ts`))
    if (!existsSync(origin)) rmSync(path)
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
