import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runQuietly } from './process.mjs'

/** Runs `npm ci` where node_modules is not what package-lock.json asks for. Resolves to false where that failed. */
export async function install() {
  const reason = staleness(
    readLock('package-lock.json'),
    readLock('node_modules/.package-lock.json'),
  )
  if (reason === null) return true
  const title = `installing packages (npm ci: ${reason})`
  return (await runQuietly(title, 'npm', ['ci', '--no-audit', '--no-fund'])) === 0
}

/**
 * Why the installed packages are not those of the lock file; null where they are. Packages that are optional may be
 * missing: they belong to other systems.
 */
export function staleness(wanted, installed) {
  if (installed === null) return 'nothing is installed yet'
  const has = installed.packages
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.startsWith('node_modules/')) continue
    if (!has[path]) {
      if (entry.optional || entry.devOptional || entry.peer) continue
      return `${path} is missing`
    }
    if (entry.version !== has[path].version || entry.integrity !== has[path].integrity) {
      return `${path} has another version`
    }
  }
  const extra = Object.keys(has).find(
    (path) => path.includes('node_modules/') && !wanted.packages[path],
  )
  return extra ? `${extra} is no longer needed` : null
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}
