import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { prune } from './build.mjs'
import { root, runQuietly } from './process.mjs'

/** Every check: what it is about, and the JavaScript file that does it with its arguments. */
const steps = [
  ['types (tsc)', 'node_modules/typescript/bin/tsc', '-b'],
  [
    'format and lint (biome)',
    'node_modules/@biomejs/biome/bin/biome',
    'check',
    '--error-on-warnings',
  ],
  ['layers as lint rules', '.build/tools/generate-layers.js'],
  ['layers and lint (oxlint)', 'node_modules/oxlint/bin/oxlint', '--deny-warnings'],
  ['dead code (knip)', 'node_modules/knip/bin/knip.js', '--no-progress'],
  ['generated docs in sync', '.build/tools/generate-docs.js', '--check'],
]

/** Runs all checks, also after one has failed; resolves to 0 where every one passed. */
export async function check() {
  prune()
  const failed = []
  for (const [title, ...command] of steps.filter(([, file]) => exists(file))) {
    if ((await runQuietly(title, process.execPath, command)) !== 0) failed.push(title)
  }
  if (failed.length === 0) return 0
  console.error(`failed: ${failed.join(', ')}`)
  return 1
}

/** A generator whose source is not there has nothing to check; one that was not built must not pass for that. */
function exists(file) {
  return existsSync(join(root, file.replace(/^\.build\/(.*)\.js$/, '$1.ts')))
}
