import type { KeyDescription } from '../keystore.ts'
import type { Names } from '../storage/storage.ts'
import { type NamedFile, privateFile, readFileName } from './file-names.ts'
import { timestampTime } from './timestamp.ts'
import { historyNames } from './versions.ts'

/** Folders with current keys: the root, and that of the poison keys. */
export const keyFolders = ['', '.poison_key']
/** Files of the original that are no keys of ours, and folders that are looked into elsewhere. */
const expected = /_storage_sym\.token$|\.old\/$|^\.poison_key\/$/

/** A current key file, and whether it has a history folder. */
export interface CurrentFile extends NamedFile {
  readonly hasHistory: boolean
}

/** Every current key file, by name alone. `unknown` is told the name of whatever is no key. */
export async function namedFiles(
  names: Names,
  unknown: (path: string) => void,
): Promise<readonly CurrentFile[]> {
  const found: CurrentFile[] = []
  for (const folder of keyFolders) {
    const under = (name: string) => (folder === '' ? name : `${folder}/${name}`)
    const privates = (await names.list(folder, 'private')).filter((name) => !isPublicName(name))
    const publics = (await names.list(folder, 'public')).filter(isPublicName)
    const known = new Set([...privates, ...publics])
    for (const name of [...privates, ...publics]) {
      const file = readFileName(under(name), known.has(`${name}.pub`))
      if (file !== null) found.push({ ...file, hasHistory: known.has(`${name}.old/`) })
      else if (!expected.test(name)) unknown(under(name).replace(/\/$/, ''))
    }
  }
  return found
}

function isPublicName(name: string): boolean {
  return name.endsWith('.pub')
}

/** Every key and its rotated versions. Public halves are told only where the private one is not here. */
export async function describeKeys(
  names: Names,
  files: readonly CurrentFile[],
): Promise<readonly KeyDescription[]> {
  const descriptions: KeyDescription[] = []
  const privates = files.filter(({ isPublic }) => !isPublic)
  for (const { ref, hasHistory } of privates) {
    descriptions.push({ ref, index: 1, rotatedAt: null, publicOnly: false })
    if (!hasHistory) continue
    const rotatedNames = await historyNames(names, privateFile(ref), 'private')
    const rotated = rotatedNames.map((name, at) => ({
      ref,
      index: at + 2,
      rotatedAt: dateOf(name),
      publicOnly: false,
    }))
    descriptions.push(...rotated)
  }
  const whole = new Set(privates.map(({ ref }) => privateFile(ref)))
  for (const { ref, isPublic } of files)
    if (isPublic && !whole.has(privateFile(ref)))
      descriptions.push({ ref, index: 1, rotatedAt: null, publicOnly: true })
  return descriptions
}

function dateOf(name: string): Date | null {
  const time = timestampTime(name)
  return time === null ? null : new Date(Number(time / 1_000_000n))
}
