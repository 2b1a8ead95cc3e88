import { isPublicKey, openCell, sealCell } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { keyOfSecret } from '../key-bytes.ts'
import { keyId } from '../key-id.ts'
import { type KeyRef, purposes } from '../key-ref.ts'
import { byBytes } from '../storage/path.ts'
import { historyFolder, privateFile, publicFile, readFileName } from '../v1/file-names.ts'
import { nextTimestampName, timestampTime } from '../v1/timestamp.ts'
import { type BundledKey, type BundledVersion, type SealedBundle, wipeBundled } from './bundle.ts'
import { malformed, notOpened, unknownMember } from './bundle-errors.ts'
import { type BundledFile, decodeFiles, encodeFiles } from './gob.ts'

const SECRET_SIZE = 32
const HISTORY = /^(.+)\.old\/([^/]+)$/

/** Begins every Secure Cell, and so every bundle of keystore v1. */
const CELL_START = Buffer.of(0, 1, 1, 0x40)

/** The keys as a bundle of keystore v1: the files of a key folder, sealed by a fresh key. spec: keystore §5.1 */
export function sealBundleV1(keys: readonly BundledKey[]): SealedBundle {
  const stream = encodeFiles(keys.flatMap(filesOf).sort((a, b) => byBytes(a.name, b.name)))
  const secret = Buffer.from(nodePrimitives.random(SECRET_SIZE))
  const bundle = Buffer.from(sealCell(nodePrimitives, secret, stream))
  stream.fill(0)
  return { bundle, secret }
}

/** Whether this is a bundle of keystore v1, whatever sealed it. */
export function isBundleV1(bundle: Buffer): boolean {
  return bundle.subarray(0, CELL_START.length).equals(CELL_START)
}

/**
 * The keys in a bundle of keystore v1, all of them or none; for the caller to wipe.
 *
 * @throws KeystoreError `bundle-not-opened`, `bundle-malformed`, `bundle-member-unknown`
 */
export function openBundleV1({ bundle, secret }: SealedBundle): BundledKey[] {
  if (secret.length !== SECRET_SIZE) throw notOpened()
  const stream = opened(bundle, secret)
  try {
    return keysOf(decodeFiles(stream))
  } finally {
    stream.fill(0)
  }
}

function opened(bundle: Buffer, secret: Buffer): Buffer {
  try {
    const stream = openCell(nodePrimitives, secret, bundle)
    return Buffer.from(stream.buffer, stream.byteOffset, stream.length)
  } catch {
    // Whatever is wrong with a cell, it looks the same from outside.
    throw notOpened()
  }
}

function filesOf({ ref, versions }: BundledKey): BundledFile[] {
  const files: BundledFile[] = []
  const rotatedNames = namesOf(versions)
  for (const [at, { secret, publicKey }] of versions.entries()) {
    const under = (file: string) =>
      at === 0 ? file : `${historyFolder(file)}/${rotatedNames[at - 1]}`
    if (secret !== null) files.push({ name: under(privateFile(ref)), content: asBuffer(secret) })
    if (publicKey !== null)
      files.push({ name: under(publicFile(ref)), content: asBuffer(publicKey) })
  }
  return files
}

/** Names in the history folder for all versions but the first, whose order is theirs whatever the clocks said. */
function namesOf([, ...rotated]: readonly BundledVersion[]): string[] {
  const names: string[] = []
  for (const { rotatedAt } of rotated.toReversed())
    names.push(nextTimestampName(BigInt(rotatedAt?.getTime() ?? 0) * 1_000_000n, names))
  return names.reverse()
}

/** Versions of one key as they are found in a bundle: by the name in the history folder, '' for the current one. */
interface Found {
  readonly ref: KeyRef
  readonly secrets: Map<string, Buffer>
  readonly publics: Map<string, Buffer>
}

function keysOf(files: readonly BundledFile[]): BundledKey[] {
  const names = new Set(files.map(({ name }) => name))
  if (names.size !== files.length) throw malformed('has two files of one name')
  const found = new Map<string, Found>()
  for (const { name, content } of files) {
    const [, current = name, rotated = ''] = HISTORY.exec(name) ?? []
    const file = readFileName(current, names.has(`${current}.pub`))
    if (file === null || (rotated !== '' && timestampTime(rotated) === null))
      throw unknownMember(name)
    const id = keyId(file.ref)
    const key = found.get(id) ?? { ref: file.ref, secrets: new Map(), publics: new Map() }
    found.set(id, key)
    const half = file.isPublic ? key.publics : key.secrets
    half.set(rotated, content)
  }
  const keys: BundledKey[] = []
  try {
    for (const key of found.values()) keys.push(keyOf(key))
    return keys
  } catch (error) {
    wipeBundled(keys)
    throw error
  }
}

/** A public half is taken where the private one is not here; else it is computed. */
function keyOf({ ref, secrets, publics }: Found): BundledKey {
  const half = secrets.size > 0 ? secrets : publics
  const newestFirst = [...half.keys()].sort(byBytes)
  const order = half.has('') ? ['', ...newestFirst.slice(1).reverse()] : newestFirst.reverse()
  const versions = order.map((name) => {
    const content = half.get(name)!
    const rotatedAt = name === '' ? null : new Date(Number(timestampTime(name)! / 1_000_000n))
    if (half === secrets) return { ...wholeOf(ref, content), rotatedAt }
    if (!isPublicKey(content)) throw malformed(`does not hold the public half of ${keyId(ref)}`)
    return { secret: null, publicKey: Buffer.from(content), rotatedAt }
  })
  return { ref, versions }
}

/** The original's explicit exports hold zeros in the place of keys. */
function wholeOf(ref: KeyRef, content: Buffer) {
  if (content.every((byte) => byte === 0))
    throw malformed(
      `holds zeros in the place of ${keyId(ref)}: it was exported by a faulty program`,
    )
  // Of its own: the stream is overwritten.
  const secret = Buffer.from(new ArrayBuffer(content.length))
  content.copy(secret)
  const key = keyOfSecret(purposes[ref.purpose].kind, secret)
  if (key === null) throw malformed(`does not hold ${keyId(ref)}, but other bytes under its name`)
  return key
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
