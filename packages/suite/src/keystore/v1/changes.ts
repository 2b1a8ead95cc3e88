import { KeystoreError } from '../errors.ts'
import { hasPrivate, noSuchVersion } from '../key-errors.ts'
import { type Key, type KeyRef, purposes } from '../key-ref.ts'
import { wipeKeys } from '../keystore.ts'
import type { Storage, StorageWriter, Visibility } from '../storage/storage.ts'
import type { Surroundings } from '../surroundings.ts'
import { historyFolder, privateFile, publicFile } from './file-names.ts'
import { namedFiles } from './listing.ts'
import { openKey, openVersions, wrapSecret } from './opening.ts'
import { nextTimestampName } from './timestamp.ts'
import { historyNames, readVersions } from './versions.ts'

/**
 * Changes of a store, each in an order that leaves the old or the new keys wherever it is cut off. A pair is two files, so its public file
 * may lag behind its private one; `mend` puts that right. Exists while the lock is held.
 */
export class Changes {
  readonly #writer: StorageWriter
  readonly #storage: Storage
  readonly #around: Surroundings

  constructor(writer: StorageWriter, around: Surroundings) {
    this.#writer = writer
    this.#storage = around.storage
    this.#around = around
  }

  /** Makes `key` the current one; what was current moves into the history. Throws where the present versions do not open. */
  async rotate(ref: KeyRef, key: Key): Promise<void> {
    await this.#checkPresent(ref)
    const file = privateFile(ref)
    const content = await wrapSecret(ref, key.secret, this.#around.wrapper)
    const stagedSecret = await this.#writer.stage(file, content, 'private')
    const stagedPublic =
      key.publicKey && (await this.#writer.stage(publicFile(ref), key.publicKey, 'public'))
    await this.#archive(file, 'private')
    await stagedSecret.commit()
    if (stagedPublic === null) return
    await this.#archive(publicFile(ref), 'public')
    await stagedPublic.commit()
  }

  /** Makes `versions` (newest first) all there is. Cut off, it leaves the old versions, the new ones, or more than either. */
  async replace(ref: KeyRef, versions: readonly [Key, ...Key[]]): Promise<void> {
    await this.#writer.announce()
    await this.#replaceFile(privateFile(ref), 'private', versions, ({ secret }) =>
      wrapSecret(ref, secret, this.#around.wrapper),
    )
    if (purposes[ref.purpose].kind === 'symmetric') return
    await this.#replaceFile(publicFile(ref), 'public', versions, ({ publicKey }) => publicKey!)
  }

  /** The same for public halves that stand alone. Throws where the private half is here. */
  async replacePublic(
    ref: KeyRef,
    versions: readonly [Uint8Array, ...Uint8Array[]],
  ): Promise<void> {
    if ((await this.#storage.read(privateFile(ref), 'private')) !== null) throw hasPrivate(ref)
    await this.#writer.announce()
    await this.#replaceFile(publicFile(ref), 'public', versions, (publicKey) => publicKey)
  }

  /** Removes one version; 1 is the current one, 2 the oldest rotated one. The public half goes first: it can be computed again. */
  async destroy(ref: KeyRef, index: number): Promise<void> {
    const file = privateFile(ref)
    const isPair = purposes[ref.purpose].kind === 'pair'
    if (index === 1) {
      if ((await this.#storage.read(file, 'private')) === null) throw noSuchVersion(ref, index)
      await this.#writer.announce()
      await this.#removeRepeated(file, 'private')
      if (isPair) await this.#writer.remove(publicFile(ref), 'public')
      await this.#writer.remove(file, 'private')
      return
    }
    const name = (await historyNames(this.#storage, file, 'private'))[index - 2]
    if (index < 1 || name === undefined) throw noSuchVersion(ref, index)
    const path = `${historyFolder(file)}/${name}`
    const publicKey = isPair ? await this.#publicHalfOf(ref, path) : null
    if (publicKey !== null) await this.#removeRotatedPublic(ref, publicKey)
    await this.#writer.remove(path, 'private')
  }

  /** Writes the public halves of all versions again; whether one was missing or wrong. Throws where a private half does not open. */
  async recoverPublic(ref: KeyRef): Promise<boolean> {
    const { storage, wrapper } = this.#around
    const versions = await readVersions(storage, privateFile(ref), 'private')
    const keys = await openVersions(ref, versions, storage, wrapper)
    wipeKeys(keys)
    const [current] = keys
    if (current === undefined) return false
    const found = await readVersions(storage, publicFile(ref), 'public')
    if (found[0]?.content.equals(current.publicKey!)) return false
    const staged = await this.#writer.stage(publicFile(ref), current.publicKey!, 'public')
    await staged.commit()
    return true
  }

  /** Puts right what a writer left that was cut off: repeated versions, and public files that lag behind. */
  async mend(): Promise<void> {
    if (!this.#writer.interrupted) return
    for (const { ref, isPublic } of await namedFiles(this.#storage, () => {})) {
      if (isPublic) continue
      await this.#removeRepeated(privateFile(ref), 'private')
      if (purposes[ref.purpose].kind === 'pair') await this.#mendPair(ref)
    }
    await this.#writer.sweep()
  }

  /** Rewrites a public file that is missing or does not belong to its private file. */
  async #mendPair(ref: KeyRef): Promise<void> {
    const place = this.#storage.locate(publicFile(ref), 'public')
    const publicKey = await this.#publicHalfOf(ref, privateFile(ref))
    if (publicKey === null) return
    const found = await this.#storage.read(publicFile(ref), 'public')
    if (found?.equals(publicKey)) return
    this.#around.warn(`public key ${place} did not belong to its private key and is written again`)
    const staged = await this.#writer.stage(publicFile(ref), publicKey, 'public')
    await this.#archive(publicFile(ref), 'public')
    await staged.commit()
  }

  /** Rotating a key that does not open would put what cannot be read between the versions that can. */
  async #checkPresent(ref: KeyRef): Promise<void> {
    const { storage, wrapper } = this.#around
    const versions = await readVersions(storage, privateFile(ref), 'private')
    wipeKeys(await openVersions(ref, versions, storage, wrapper))
    if (versions.length > 0 && purposes[ref.purpose].kind === 'pair') await this.#mendPair(ref)
  }

  /** Gives the current file a second name in its history, unless the newest entry is that already. */
  async #archive(file: string, visibility: Visibility): Promise<void> {
    const current = await this.#storage.read(file, visibility)
    if (current === null) return
    const names = [...(await historyNames(this.#storage, file, visibility))]
    if (await this.#isNewest(file, visibility, names, current)) return
    for (;;) {
      const name = nextTimestampName(this.#around.now(), names)
      if (await this.#writer.link(file, `${historyFolder(file)}/${name}`, visibility)) return
      names.push(name)
    }
  }

  async #removeRepeated(file: string, visibility: Visibility): Promise<void> {
    const current = await this.#storage.read(file, visibility)
    const names = await historyNames(this.#storage, file, visibility)
    if (current === null || !(await this.#isNewest(file, visibility, names, current))) return
    await this.#writer.remove(`${historyFolder(file)}/${names.at(-1)}`, visibility)
  }

  async #isNewest(
    file: string,
    visibility: Visibility,
    names: readonly string[],
    content: Buffer,
  ): Promise<boolean> {
    const newest = names.at(-1)
    if (newest === undefined) return false
    const found = await this.#storage.read(`${historyFolder(file)}/${newest}`, visibility)
    return found?.equals(content) ?? false
  }

  async #replaceFile<T>(
    file: string,
    visibility: Visibility,
    versions: readonly [T, ...T[]],
    contentOf: (version: T) => Uint8Array | Promise<Uint8Array>,
  ): Promise<void> {
    const before = await historyNames(this.#storage, file, visibility)
    const [current, ...rotated] = versions
    const stagedCurrent = await this.#writer.stage(file, await contentOf(current), visibility)
    const names = [...before]
    for (const key of rotated.toReversed()) {
      const name = nextTimestampName(this.#around.now(), names)
      names.push(name)
      const path = `${historyFolder(file)}/${name}`
      await (await this.#writer.stage(path, await contentOf(key), visibility)).commit()
    }
    await stagedCurrent.commit()
    for (const name of before)
      await this.#writer.remove(`${historyFolder(file)}/${name}`, visibility)
  }

  async #removeRotatedPublic(ref: KeyRef, publicKey: Uint8Array): Promise<void> {
    const file = publicFile(ref)
    for (const name of await historyNames(this.#storage, file, 'public')) {
      const path = `${historyFolder(file)}/${name}`
      if ((await this.#storage.read(path, 'public'))?.equals(publicKey))
        await this.#writer.remove(path, 'public')
    }
  }

  /** Null, with a warning, where the private file does not open. */
  async #publicHalfOf(ref: KeyRef, path: string): Promise<Uint8Array | null> {
    const content = await this.#storage.read(path, 'private')
    if (content === null) return null
    try {
      const place = this.#storage.locate(path, 'private')
      const key = await openKey(ref, content, place, this.#around.wrapper)
      key.secret.fill(0)
      return key.publicKey
    } catch (error) {
      if (!(error instanceof KeystoreError)) throw error
      this.#around.warn(error.message)
      return null
    }
  }
}
