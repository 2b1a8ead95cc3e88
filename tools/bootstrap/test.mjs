import { join, relative } from 'node:path'
import { build, emitted, files } from './build.mjs'
import { installPrograms } from './debian.mjs'
import { root, runVisible } from './process.mjs'

/**
 * Runs the tests: all, or those whose path holds one of the words given. Arguments that begin with a dash go to
 * `node --test`.
 */
export async function test(args) {
  const built = await build()
  if (built !== 0) return built

  const words = args.filter((arg) => !arg.startsWith('-'))
  const flags = args.filter((arg) => arg.startsWith('-'))
  const selected = testFiles().filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word)),
  )
  if (selected.length === 0) {
    console.error(`no test file has ${words.map((word) => `"${word}"`).join(' or ')} in its path`)
    return 1
  }
  const needsPrograms = selected.some((file) => file.startsWith('.build/'))
  if (needsPrograms && !(await installPrograms())) return 1

  // What tests of one run share (a ready database folder) stands here.
  const { createSandbox } = await import('../../.build/tools/sandbox.js')
  const shared = createSandbox('tests')
  try {
    const flagsOfRun = ['--test', '--test-concurrency=2', ...flags]
    const env = { ...process.env, ACRA_TESTS_SHARED: shared.folder }
    return await runVisible(process.execPath, [...flagsOfRun, ...selected], { env })
  } finally {
    await shared.remove()
  }
}

/** The emitted test files, those of end to end first, as they take longest. */
function testFiles() {
  const rank = (file) => (file.startsWith('.build/e2e') ? 0 : file.startsWith('.build/') ? 1 : 2)
  return emitted()
    .flatMap(({ output }) => files(join(root, output)))
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => relative(root, file))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}
