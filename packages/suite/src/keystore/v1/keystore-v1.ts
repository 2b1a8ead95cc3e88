import { isPublicKey } from '@acra-ts/crypto'
import type { Finding } from '../inspection.ts'
import { generateKey, keyOfSecret } from '../key-bytes.ts'
import { checkPair, notPublic, unfit } from '../key-errors.ts'
import { type Key, type KeyRef, purposes } from '../key-ref.ts'
import { type KeyDescription, type Keystore, wipeKeys } from '../keystore.ts'
import { checkOwner } from '../owner.ts'
import type { Surroundings } from '../surroundings.ts'
import { Changes } from './changes.ts'
import { diagnoseFile, suspectsIn } from './diagnosis.ts'
import { contextsOf, privateFile, publicFile } from './file-names.ts'
import { describeKeys, namedFiles } from './listing.ts'
import { openVersions } from './opening.ts'
import { readVersions } from './versions.ts'

/** A store may have files of ten thousand clients: one after the other they would delay the start. */
const VERIFIED_AT_ONCE = 64
/** Owners whose contexts are tried at most on a key that does not open, by a master key in memory, and by a service or device. */
const SUSPECTS_MAX = 256
const SUSPECTS_OF_SERVICE_MAX = 16

/** Keystore v1: a file per key, byte-compatible with the original. spec: keystore §2 */
export class KeystoreV1 implements Keystore {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  async keys(ref: KeyRef): Promise<readonly Key[]> {
    checkOwner(ref)
    const { storage, wrapper } = this.#around
    const versions = await readVersions(storage, privateFile(ref), 'private')
    const keys = await openVersions(ref, versions, storage, wrapper)
    if (keys[0]?.publicKey) await this.#compareHalves(ref, keys[0].publicKey)
    return keys
  }

  async publicKeys(ref: KeyRef): Promise<readonly Uint8Array[]> {
    checkPair(ref)
    checkOwner(ref)
    const { storage, wrapper } = this.#around
    if (wrapper !== null) {
      const keys = await this.keys(ref)
      wipeKeys(keys)
      if (keys.length > 0) return keys.map(({ publicKey }) => publicKey!)
    }
    const versions = await readVersions(storage, publicFile(ref), 'public')
    for (const { path, content } of versions)
      if (!isPublicKey(content)) throw notPublic(ref, storage.locate(path, 'public'))
    return versions.map(({ content }) => content)
  }

  async put(ref: KeyRef, versions: readonly Key[]): Promise<void> {
    checkOwner(ref)
    const { kind } = purposes[ref.purpose]
    const checked = versions.map(({ secret }) => keyOfSecret(kind, secret))
    const [current, ...rotated] = checked.map((key) => {
      if (key === null) throw unfit(ref)
      return key
    })
    if (current === undefined) throw new TypeError('no versions to put')
    await this.#change((changes) => changes.replace(ref, [current, ...rotated]))
  }

  async putPublic(ref: KeyRef, versions: readonly Uint8Array[]): Promise<void> {
    checkPair(ref)
    checkOwner(ref)
    const [current, ...rotated] = versions
    if (current === undefined) throw new TypeError('no versions to put')
    if (!versions.every(isPublicKey)) throw unfit(ref)
    await this.#change((changes) => changes.replacePublic(ref, [current, ...rotated]))
  }

  async recoverPublic(refs: readonly KeyRef[]): Promise<readonly KeyRef[]> {
    for (const ref of refs) {
      checkPair(ref)
      checkOwner(ref)
    }
    const recovered: KeyRef[] = []
    await this.#change(async (changes) => {
      for (const ref of refs) if (await changes.recoverPublic(ref)) recovered.push(ref)
    })
    return recovered
  }

  async generate(ref: KeyRef): Promise<void> {
    await this.#generate(ref, async () => true)
  }

  generateMissing(ref: KeyRef): Promise<boolean> {
    const { storage } = this.#around
    return this.#generate(
      ref,
      async () => (await storage.read(privateFile(ref), 'private')) === null,
    )
  }

  /** Makes a key if `isDue`, which is asked while nobody else writes. */
  async #generate(ref: KeyRef, isDue: () => Promise<boolean>): Promise<boolean> {
    checkOwner(ref)
    const key = generateKey(purposes[ref.purpose].kind)
    try {
      return await this.#change(async (changes) => {
        if (!(await isDue())) return false
        await changes.rotate(ref, key)
        return true
      })
    } finally {
      key.secret.fill(0)
    }
  }

  async destroy(ref: KeyRef, index: number): Promise<void> {
    checkOwner(ref)
    await this.#change((changes) => changes.destroy(ref, index))
  }

  async list(): Promise<readonly KeyDescription[]> {
    const { storage, warn } = this.#around
    const names = await storage.names()
    const files = await namedFiles(names, (path) =>
      warn(`not a key, left alone: ${storage.locate(path, 'private')}`),
    )
    return describeKeys(names, files)
  }

  async refs(): Promise<readonly KeyRef[]> {
    const files = await namedFiles(await this.#around.storage.names(), () => {})
    return [...new Map(files.map(({ ref }) => [privateFile(ref), ref])).values()]
  }

  async diagnose(ref: KeyRef): Promise<Finding | null> {
    checkOwner(ref)
    const { storage, wrapper } = this.#around
    if (wrapper === null || contextsOf(ref).length === 0) return null
    const suspectsMax = wrapper.probe === null ? SUSPECTS_MAX : SUSPECTS_OF_SERVICE_MAX
    const suspects = await suspectsIn(await storage.names(), suspectsMax)
    for (const { path } of await readVersions(storage, privateFile(ref), 'private')) {
      const found = await diagnoseFile({ ref, path }, suspects, { storage, wrapper })
      if (found === null) continue
      return found.kind === 'other-master-key' && !suspects.complete ? null : found
    }
    return null
  }

  /** Nothing is cached here. */
  reset(): void {}

  /** Checks the modes of the folder and of every current private key. Throws KeystoreError with the first that is refused. */
  async verify(): Promise<void> {
    const { storage } = this.#around
    const files = (await namedFiles(await storage.names(), () => {})).filter(
      ({ isPublic }) => !isPublic,
    )
    for (let at = 0; at < files.length; at += VERIFIED_AT_ONCE) {
      const batch = files.slice(at, at + VERIFIED_AT_ONCE)
      await Promise.all(batch.map(({ ref }) => storage.verify(privateFile(ref), 'private')))
    }
  }

  #change<T>(work: (changes: Changes) => Promise<T>): Promise<T> {
    return this.#around.storage.exclusively(async (writer) => {
      const changes = new Changes(writer, this.#around)
      await changes.mend()
      return work(changes)
    })
  }

  /** Nothing protects a public file: one that does not belong to its private file was renamed, replaced, or lags behind. */
  async #compareHalves(ref: KeyRef, publicKey: Uint8Array): Promise<void> {
    const { storage, warn } = this.#around
    const found = await storage.read(publicFile(ref), 'public')
    if (found === null || found.equals(publicKey)) return
    const place = storage.locate(publicFile(ref), 'public')
    warn(`public key ${place} does not belong to the private key beside it`)
  }
}
