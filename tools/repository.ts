/** The files of this repository, for the tests that look at it as a whole. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root of the repository, without a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')

/** Every file that git knows or would take, relative to the root, in order; those deleted but not yet committed left out. */
export function repositoryFiles(): string[] {
  const list = (...args: string[]) =>
    execFileSync('git', ['ls-files', '-z', ...args], { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter((path) => path !== '')
  const deleted = new Set(list('--deleted'))
  const present = list('--cached', '--others', '--exclude-standard')
  return [...new Set(present)].filter((path) => !deleted.has(path)).sort()
}
