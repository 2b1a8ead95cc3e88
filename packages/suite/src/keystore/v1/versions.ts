import type { Names, Storage, Visibility } from '../storage/storage.ts'
import { historyFolder } from './file-names.ts'

/** One version of a file: where it stands and what it holds. */
export interface FileVersion {
  readonly path: string
  /** Name inside the history folder; null for the current version. */
  readonly rotated: string | null
  readonly content: Buffer
}

/**
 * All versions of a file, newest first: the current one, then its history in reverse byte order of names. Empty where the current file is
 * missing, whatever its history holds. A version that stands there twice (a rotation was cut off between its two steps) counts once.
 * spec: keystore §2.3
 */
export async function readVersions(
  storage: Storage,
  file: string,
  visibility: Visibility,
): Promise<readonly FileVersion[]> {
  const current = await storage.read(file, visibility)
  if (current === null) return []
  const versions: FileVersion[] = [{ path: file, rotated: null, content: current }]
  for (const name of (await historyNames(storage, file, visibility)).toReversed()) {
    const path = `${historyFolder(file)}/${name}`
    const content = await storage.read(path, visibility)
    // Null: destroyed since it was listed.
    if (content !== null && !versions.some((version) => version.content.equals(content)))
      versions.push({ path, rotated: name, content })
  }
  return versions
}

/** Names of the files in a file's history, in byte order. */
export async function historyNames(
  storage: Names,
  file: string,
  visibility: Visibility,
): Promise<readonly string[]> {
  const names = await storage.list(historyFolder(file), visibility)
  return names.filter((name) => !name.endsWith('/'))
}
