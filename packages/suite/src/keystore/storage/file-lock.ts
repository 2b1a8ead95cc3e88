import { spawn } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { type FileHandle, open, readFile, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf, ioError, KeystoreError } from '../errors.ts'

/** How long a writer waits for another one. */
const WAIT_SECONDS = 30
const POLL_MS = 20
/** Exit status that we ask of `flock` for "somebody else has it". */
const CONFLICT = 75
/** Fixed places, so that all processes of a machine decide alike whatever their PATH. */
const flockPlaces = ['/usr/bin/flock', '/bin/flock', '/usr/local/bin/flock']

/** Gives the lock back. */
export type Unlock = () => Promise<void>

export interface LockSettings {
  readonly waitSeconds?: number
  /** The `flock` program; null where there is none. */
  readonly flock?: string | null
  /** Name of the file in the folder that is locked in its place; it is made where it is missing. */
  readonly target?: string
}

/**
 * Locks a folder against other writers, in this process or another. Where util-linux `flock` exists the lock is a BSD lock on
 * the folder itself: no file appears, and it ends with the process. Else, and where the file system cannot lock a folder, it is the
 * file `<folder>.lock` beside the folder, with process id and host in it. Only a keystore v2 has a lock file inside the folder, `target`: the
 * original would take any other for a key.
 * Throws KeystoreError `keystore-locked` when the wait gets too long.
 */
export async function lockFolder(folder: string, settings: LockSettings = {}): Promise<Unlock> {
  const { waitSeconds = WAIT_SECONDS, flock = flockPlaces.find((place) => existsSync(place)) } =
    settings
  const target = settings.target === undefined ? folder : `${folder}/${settings.target}`
  const unlock = flock ? await lockByFlock(target, target !== folder, flock, waitSeconds) : null
  return unlock ?? (await lockByFile(folder, waitSeconds))
}

/**
 * Lets no other process that asks have the file: the lock is on `<path>.lock` beside it, which stays there, by util-linux `flock` where
 * that exists, and ends with the process.
 * Throws KeystoreError `keystore-locked` when the wait gets too long.
 */
export async function lockFile(path: string, waitSeconds: number): Promise<Unlock> {
  const flock = flockPlaces.find((place) => existsSync(place))
  const unlock = flock ? await lockByFlock(`${path}.lock`, true, flock, waitSeconds) : null
  return unlock ?? (await lockByFile(path, waitSeconds))
}

/** Null where this file system cannot lock a folder. */
async function lockByFlock(
  target: string,
  isFile: boolean,
  flock: string,
  waitSeconds: number,
): Promise<Unlock | null> {
  const { O_RDONLY, O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  const flags = isFile ? O_RDWR | O_CREAT | O_NOFOLLOW : O_RDONLY
  const handle = await open(target, flags, 0o644).catch((error) => {
    throw ioError('open', target, error)
  })
  try {
    // The child locks the open file that it shares with us; the lock stays ours when it ends.
    const status = await runFlock(flock, handle, waitSeconds)
    if (status === 0) return () => handle.close()
    if (status === CONFLICT) throw busy(target, `another process has locked it`)
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return null
}

function runFlock(flock: string, handle: FileHandle, waitSeconds: number): Promise<number | null> {
  const args = ['-x', '-w', String(waitSeconds), '-E', String(CONFLICT), '3']
  return new Promise((resolve, reject) => {
    spawn(flock, args, { stdio: ['ignore', 'ignore', 'ignore', handle.fd], env: {} })
      .once('error', (error) => reject(ioError('run', flock, error)))
      .once('close', resolve)
  })
}

async function lockByFile(folder: string, waitSeconds: number): Promise<Unlock> {
  const path = `${folder}.lock`
  const mine = `${process.pid} ${hostname()}\n`
  const deadline = performance.now() + waitSeconds * 1000
  while (!(await createFile(path, mine))) {
    if (await breakStale(path)) continue
    if (performance.now() > deadline) throw busy(folder, `${path} exists`)
    await sleep(POLL_MS)
  }
  return () => unlink(path)
}

/** Removes the lock file of a process of this host that is gone. Only the owner of `<path>.break` may do so, and looks again first. */
async function breakStale(path: string): Promise<boolean> {
  if (!(await isStale(path))) return false
  const breaker = `${path}.break`
  if (!(await createFile(breaker, ''))) return false
  try {
    if (!(await isStale(path))) return false
    await unlink(path)
    return true
  } finally {
    await unlink(breaker)
  }
}

async function isStale(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [, pid, host] = /^(\d+) (.+)\n$/.exec(text) ?? []
  if (pid === undefined || host !== hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return errnoOf(error) === 'ESRCH'
  }
}

/** False where the file exists. */
async function createFile(path: string, content: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600)
    await handle.writeFile(content).finally(() => handle.close())
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw ioError('create', path, error)
  }
}

function busy(target: string, reason: string): KeystoreError {
  return new KeystoreError(
    'keystore-locked',
    `${target} is being written by another process for too long: ${reason}; wait for it, or remove what a dead one left`,
  )
}
