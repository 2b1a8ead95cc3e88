import { randomInt } from 'node:crypto'
import { chmod, link, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { events } from '../observe/index.ts'
import { Refusal } from './refusal.ts'

/** A secret file that is complete on disk beside its place. */
export interface DraftFile {
  /** Puts it in its place. Where a file stands there, that one is kept and a Refusal thrown, unless it may be replaced. */
  commit(replace: boolean): Promise<void>
  /** Removes it, if it was not put in its place. */
  discard(): Promise<void>
}

/**
 * Writes a file of mode 0600 beside its place: a reader finds the old file or the new one whatever happens.
 *
 * @throws Refusal where it cannot be written
 */
export async function draftFile(path: string, content: Uint8Array): Promise<DraftFile> {
  const draft = `${dirname(path)}/.acra-ts-${randomInt(1_000_000_000, 2 ** 47)}`
  await attempt('write', path, () => writeDurably(draft, content))
  const discard = () => attempt('remove', draft, () => removeIfThere(draft))
  return {
    async commit(replace) {
      if (replace) await attempt('write', path, () => rename(draft, path))
      else await attempt('write', path, () => link(draft, path))
      await discard()
      await attempt('write', path, () => syncFolder(dirname(path)))
    },
    discard,
  }
}

/** The content of a file of a tool's user, at most `sizeMax` bytes. Throws Refusal where there is none, or more. */
export async function readUserFile(path: string, sizeMax: number): Promise<Buffer> {
  return attempt('read', path, async () => {
    const file = await open(path, 'r')
    try {
      const found = await file.stat()
      if (!found.isFile()) throw new Refusal(`Not a regular file: ${path}`)
      if (found.size > sizeMax) throw new Refusal(`${path} has more than ${sizeMax} bytes`)
      return await file.readFile()
    } finally {
      await file.close()
    }
  })
}

/** The same; null where there is no such file. */
export async function readUserFileIfThere(path: string, sizeMax: number): Promise<Buffer | null> {
  const found = await attempt('read', path, () =>
    stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    }),
  )
  return found === null ? null : readUserFile(path, sizeMax)
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await chmod(path, 0o600)
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal) throw error
    if (codeOf(error) === 'EEXIST')
      throw new Refusal(`${path} exists already: choose another name, or replace it with --force`)
    const why = codeOf(error) ?? 'unknown reason'
    throw new Refusal(`Can't ${action} ${path}`, events.errorGeneral, { cause: why })
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
