import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { runQuietly } from './process.mjs'

/** Programs that the end-to-end tests run, and the Debian package that brings each. */
const testPrograms = [
  { program: 'psql', package: 'postgresql-client' },
  { program: 'pgbench', package: 'postgresql' },
  { program: 'ps', package: 'procps' },
  { program: 'softhsm2-util', package: 'softhsm2' },
  { program: 'openssl', package: 'openssl', version: 'version' },
  { program: 'strace', package: 'strace' },
  { program: 'redis-server', package: 'redis-server' },
  { program: 'chromium', package: 'chromium' },
]

/**
 * Sees to it that programs of other projects are there, by default those of the tests: installs the missing ones where we
 * are root and apt-get exists, else names the one line to run. Resolves to false where a program is missing in the end.
 */
export async function installPrograms(programs = testPrograms, needed = 'The tests need') {
  const missing = programs.filter((wanted) => !runs(wanted))
  if (missing.length === 0) return true
  const packages = [...new Set(missing.map((entry) => entry.package))]
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    console.error(`${needed} ${names(missing)}. Install with:\n  sudo apt-get ${install.join(' ')}`)
    return false
  }
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=300']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const update = await runQuietly('apt-get update', 'apt-get', [...options, 'update'], { env })
  if (update !== 0) return false
  const title = `apt-get install ${packages.join(' ')}`
  const installed = await withoutMainCluster(() =>
    runQuietly(title, 'apt-get', [...options, ...install], { env }),
  )
  if (installed !== 0) return false
  const still = programs.filter((wanted) => !runs(wanted))
  if (still.length === 0) return true
  console.error(`${names(still)} cannot be run even after ${packages.join(', ')} were installed`)
  return false
}

const names = (list) => list.map(({ program }) => program).join(', ')

/** Debian starts a database server when it installs one, unless told not to: the tests bring their own. */
async function withoutMainCluster(work) {
  const path = '/etc/postgresql-common/createcluster.d/acra-tests.conf'
  if (existsSync('/etc/postgresql-common/createcluster.conf')) return work()
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, 'create_main_cluster = false\n')
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function runs({ program, version = '--version' }) {
  return spawnSync(program, [version], { stdio: 'ignore' }).status === 0
}
