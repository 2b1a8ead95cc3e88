import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runQuietly } from './process.mjs'

/** Runs `npm ci` where node_modules is not what package-lock.json asks for. Resolves to false where that failed. */
export async function install() {
  const wanted = readLock('package-lock.json')
  const installed = readLock('node_modules/.package-lock.json')
  const reason = staleness(wanted, installed) ?? missingProgram(wanted)
  if (reason === null) return true
  const title = `installing packages (npm ci: ${reason})`
  return (await runQuietly(title, 'npm', ['ci', '--no-audit', '--no-fund'])) === 0
}

/**
 * Why the installed packages are not those of the lock file; null where they are. Packages that are optional may be
 * missing: they belong to other systems.
 */
function staleness(wanted, installed) {
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

/** A program of our own packages that has no link yet; null where all have one. */
function missingProgram(wanted) {
  const own = Object.entries(wanted.packages).filter(([path]) => path.startsWith('packages/'))
  const names = own.flatMap(([, { bin }]) => Object.keys(bin ?? {}))
  const missing = names.find((name) => !existsSync(join(root, 'node_modules/.bin', name)))
  return missing ? `the link to ${missing} is missing` : null
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}
