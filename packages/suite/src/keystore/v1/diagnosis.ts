import { isPublicKey } from '@acra-ts/crypto'
import { KeystoreError } from '../errors.ts'
import { type Finding, type InspectionSettings, remedies } from '../inspection.ts'
import { keyOfSecret } from '../key-bytes.ts'
import { titleOf } from '../key-errors.ts'
import { type KeyRef, type Purpose, purposes } from '../key-ref.ts'
import type { Names, Storage } from '../storage/storage.ts'
import type { WrappedFile } from '../wrapped-layout.ts'
import { contextsOf, privateFile, publicFile } from './file-names.ts'
import { namedFiles } from './listing.ts'
import { wrappedLayoutV1 } from './wrapped-files.ts'

/** Sizes of files with a wrapped pair and a wrapped symmetric key. spec: keystore §2.1 */
const WRAPPED_SIZES: readonly number[] = [89, 76]

/** Whose key a file may be that does not open: a key for every context. */
export interface Suspects {
  readonly contexts: ReadonlyMap<string, KeyRef>
  /** False where the store has more owners than these. */
  readonly complete: boolean
}

/** Every owner of whom anything is there, at most `max`; those first whose private key is missing. */
export async function suspectsIn(names: Names, max: number): Promise<Suspects> {
  const files = await namedFiles(names, () => {})
  const privates = new Set(files.filter((file) => !file.isPublic).map(({ ref }) => nameOf(ref)))
  const isWhole = ({ ref }: { ref: KeyRef }) => privates.has(nameOf(ref))
  const refs = [...files.filter((file) => !isWhole(file)), ...files.filter(isWhole)].map(
    ({ ref }) => ref,
  )
  for (const purpose of ['poison', 'poison-symmetric', 'audit-log', 'audit-log-signing'] as const)
    refs.push({ purpose, owner: null })
  const contexts = new Map<string, KeyRef>()
  for (const ref of refs)
    for (const context of contextsOf(ref)) {
      if (contexts.has(context)) continue
      if (contexts.size === max) return { contexts, complete: false }
      contexts.set(context, ref)
    }
  return { contexts, complete: true }
}

/** What is wrong with a file that a master key protects; null where it opens as it should, or is not there. */
export async function diagnoseFile(
  file: WrappedFile,
  suspects: Suspects,
  { storage, wrapper }: Pick<InspectionSettings, 'storage' | 'wrapper'>,
): Promise<Finding | null> {
  const { ref, path } = file
  const place = storage.locate(path, 'private')
  const finding = (kind: Finding['kind'], message: string, remedy: string): Finding => {
    return { kind, ref, place, message, remedy }
  }
  try {
    const content = await storage.read(path, 'private')
    if (content === null) return null
    if (await wrappedLayoutV1.opens(file, content, place, wrapper)) return null
    // Services and devices have formats of their own.
    if (wrapper.probe === null && !isWrapped(content))
      return finding('overwritten', await contentOf(content, ref, storage), remedies.backup)
    for (const [context, suspect] of suspects.contexts) {
      const secret = await wrapper.unwrap(content, suspect, context)
      if (secret === null) continue
      try {
        return finding(...(await originOf(content, secret, context, suspect, storage)))
      } finally {
        secret.fill(0)
      }
    }
    return finding(
      'other-master-key',
      'made with another master key, or of an id that has no other key here, or damaged',
      `${remedies.masterKey}, or ${remedies.backup}`,
    )
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error
    if (error.code === 'keystore-key-malformed')
      return finding(
        'other-kind',
        `opens, and is not the ${titleOf(ref)}: a key of another kind was renamed`,
        remedies.name,
      )
    return finding('permissions', error.message, 'do what the message says')
  }
}

/** The size and the beginning of what a master key in memory has wrapped. */
function isWrapped(content: Buffer): boolean {
  return WRAPPED_SIZES.includes(content.length) && content[3] === 0x40
}

/** What stands in a file where a wrapped key should be. */
async function contentOf(
  content: Buffer,
  { purpose, owner }: KeyRef,
  storage: Storage,
): Promise<string> {
  if (!isPublicKey(content)) return 'this is not a key any more'
  for (const candidate of pairsOf({ purpose, owner }))
    if (content.equals((await readPublic(candidate, storage)) ?? Buffer.alloc(0)))
      return `this is the public half of the ${titleOf(candidate)}, and no private key`
  return 'this is a public key, and no private key'
}

/** Which key of a suspect it is whose secret was found: its public half tells, where that is here. */
async function originOf(
  content: Buffer,
  secret: Uint8Array,
  context: string,
  suspect: KeyRef,
  storage: Storage,
): Promise<[Finding['kind'], string, string]> {
  const publicKey = keyOfSecret('pair', secret)?.publicKey
  for (const candidate of publicKey ? pairsOf(suspect) : []) {
    if (!contextsOf(candidate).includes(context)) continue
    if (!(await readPublic(candidate, storage))?.equals(publicKey!)) continue
    const [title, home] = [titleOf(candidate), privateFile(candidate)]
    const there = await readQuietly(home, 'private', storage)
    if (there === null) {
      const remedy = `rename it back to ${storage.locate(home, 'private')}`
      return ['renamed', `this is the ${title} under another name`, remedy]
    }
    if (there.equals(content))
      return ['overwritten', `overwritten by a copy of the ${title}`, remedies.backup]
    return ['renamed', `this is a version of the ${title} under another name`, remedies.backup]
  }
  const name = suspect.owner ?? titleOf(suspect)
  return ['renamed', `this is a key of ${name} under another name`, remedies.name]
}

/** Every pair that this owner can have. */
function pairsOf({ purpose, owner }: KeyRef): readonly KeyRef[] {
  return (Object.keys(purposes) as Purpose[]) // Object.keys forgets the type of the keys.
    .filter((pair) => purposes[pair].kind === 'pair')
    .filter((pair) => purposes[pair].owner === purposes[purpose].owner)
    .map((pair) => ({ purpose: pair, owner }))
}

function readPublic(ref: KeyRef, storage: Storage): Promise<Buffer | null> {
  return readQuietly(publicFile(ref), 'public', storage)
}

/** Null where it cannot be read: it is looked at for what it tells of another file. */
async function readQuietly(
  path: string,
  visibility: 'private' | 'public',
  storage: Storage,
): Promise<Buffer | null> {
  try {
    return await storage.read(path, visibility)
  } catch (error) {
    if (error instanceof KeystoreError) return null
    throw error
  }
}

function nameOf({ purpose, owner }: KeyRef): string {
  return `${purpose} ${owner}`
}
