import { isPublicKey } from '@acra-ts/crypto'
import { KeystoreError } from '../errors.ts'
import type { Finding } from '../inspection.ts'
import { generateKey, keyOfSecret } from '../key-bytes.ts'
import { checkPair, hasPrivate, noSuchVersion, unfit } from '../key-errors.ts'
import { type Key, type KeyRef, purposes } from '../key-ref.ts'
import { type KeyDescription, type Keystore, wipeKeys } from '../keystore.ts'
import { checkOwner } from '../owner.ts'
import type { StorageWriter } from '../storage/storage.ts'
import type { Surroundings } from '../surroundings.ts'
import { diagnoseRing } from './diagnosis.ts'
import type { KeyRing } from './key-ring.ts'
import { describeRing, namedRings } from './listing.ts'
import { versionFile, versionMarker } from './marker.ts'
import { decodeRingFile, encodeRingFile } from './ring-file.ts'
import {
  emptyRing,
  indexedKeys,
  isPublicOnly,
  livingKeys,
  openRingKeys,
  publicHalves,
  withNewKey,
  withoutKey,
  withPublicKey,
} from './ring-keys.ts'
import { ringFile, ringLeftover, ringPath } from './ring-names.ts'

/** A store may have rings of ten thousand clients: one after the other they would delay the start. */
const RINGS_AT_ONCE = 64

/**
 * Keystore v2: all versions of a key in one signed file, byte-compatible with the original. A file is replaced as a whole, so that a change
 * cut off anywhere leaves the old versions or the new ones. spec: keystore §3
 */
export class KeystoreV2 implements Keystore {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  async keys(ref: KeyRef): Promise<readonly Key[]> {
    const ring = await this.#read(ref)
    return ring === null ? [] : openRingKeys(ref, ring, this.#place(ref), this.#around.wrapper)
  }

  async publicKeys(ref: KeyRef): Promise<readonly Uint8Array[]> {
    checkPair(ref)
    const ring = await this.#read(ref)
    return ring === null ? [] : publicHalves(ref, ring, this.#place(ref))
  }

  async put(ref: KeyRef, versions: readonly Key[]): Promise<void> {
    checkOwner(ref)
    if (versions.length === 0) throw new TypeError('no versions to put')
    const { kind } = purposes[ref.purpose]
    const checked = versions.map(({ secret }) => keyOfSecret(kind, secret))
    const oldestFirst = checked.toReversed().map((key) => {
      if (key === null) throw unfit(ref)
      return key
    })
    await this.#change(async (writer) => {
      let ring = emptyRing(ref)
      for (const key of oldestFirst) ring = await this.#withNewKey(ref, ring, key)
      await this.#write(writer, ref, ring)
    })
  }

  async putPublic(ref: KeyRef, versions: readonly Uint8Array[]): Promise<void> {
    checkPair(ref)
    checkOwner(ref)
    if (versions.length === 0) throw new TypeError('no versions to put')
    if (!versions.every(isPublicKey)) throw unfit(ref)
    await this.#change(async (writer) => {
      const present = (await this.#read(ref)) ?? emptyRing(ref)
      if (livingKeys(present).some((key) => !isPublicOnly(ref, key))) throw hasPrivate(ref)
      const add = (ring: KeyRing, key: Uint8Array) => withPublicKey(ring, key, this.#now())
      await this.#write(writer, ref, versions.toReversed().reduce(add, emptyRing(ref)))
    })
  }

  /** A ring holds both halves under one signature. */
  async recoverPublic(): Promise<readonly KeyRef[]> {
    return []
  }

  async generate(ref: KeyRef): Promise<void> {
    await this.#generate(ref, () => true)
  }

  generateMissing(ref: KeyRef): Promise<boolean> {
    return this.#generate(ref, (ring) => livingKeys(ring).length === 0)
  }

  /** Makes a key if `isDue`, which is asked while nobody else writes. */
  async #generate(ref: KeyRef, isDue: (ring: KeyRing) => boolean): Promise<boolean> {
    checkOwner(ref)
    const key = generateKey(purposes[ref.purpose].kind)
    try {
      return await this.#change(async (writer) => {
        const ring = (await this.#read(ref)) ?? emptyRing(ref)
        if (!isDue(ring)) return false
        // Rotating a key that does not open would put what can be read behind what cannot.
        wipeKeys(await openRingKeys(ref, ring, this.#place(ref), this.#around.wrapper))
        await this.#write(writer, ref, await this.#withNewKey(ref, ring, key))
        return true
      })
    } finally {
      key.secret.fill(0)
    }
  }

  async destroy(ref: KeyRef, index: number): Promise<void> {
    checkOwner(ref)
    await this.#change(async (writer) => {
      const ring = (await this.#read(ref)) ?? emptyRing(ref)
      const found = indexedKeys(ring).find((indexed) => indexed.index === index)
      if (found === undefined) throw noSuchVersion(ref, index)
      await this.#write(writer, ref, withoutKey(ring, found.key.seqnum))
    })
  }

  async list(): Promise<readonly KeyDescription[]> {
    const { storage, warn } = this.#around
    const rings = await namedRings(await storage.names(), (path) =>
      warn(`not a key ring, left alone: ${storage.locate(path, 'private')}`),
    )
    const descriptions: KeyDescription[] = []
    for (let at = 0; at < rings.length; at += RINGS_AT_ONCE) {
      const batch = rings.slice(at, at + RINGS_AT_ONCE)
      const files = batch.map(({ file }) => file)
      const contents = await storage.readMany(files, 'private')
      for (const [n, { ref }] of batch.entries())
        descriptions.push(...(await this.#describe(ref, contents[n] ?? null)))
    }
    return descriptions
  }

  async refs(): Promise<readonly KeyRef[]> {
    const rings = await namedRings(await this.#around.storage.names(), () => {})
    return rings.map(({ ref }) => ref)
  }

  async diagnose(ref: KeyRef): Promise<Finding | null> {
    checkOwner(ref)
    const { storage, wrapper } = this.#around
    return wrapper === null ? null : diagnoseRing(ref, { storage, wrapper })
  }

  /** Nothing is cached here. */
  reset(): void {}

  /** Checks the modes of the folder and of every ring. Throws KeystoreError with the first that is refused. */
  async verify(): Promise<void> {
    const { storage } = this.#around
    const rings = await namedRings(await storage.names(), () => {})
    for (let at = 0; at < rings.length; at += RINGS_AT_ONCE) {
      const batch = rings.slice(at, at + RINGS_AT_ONCE)
      await Promise.all(batch.map(({ file }) => storage.verify(file, 'private')))
    }
  }

  /** A ring that cannot be read is listed, because it is there; `warn` is told what is wrong with it. */
  async #describe(
    ref: KeyRef,
    content: Buffer | null | KeystoreError,
  ): Promise<readonly KeyDescription[]> {
    if (content === null) return []
    try {
      if (content instanceof KeystoreError) throw content
      const { wrapper } = this.#around
      return describeRing(ref, await decodeRingFile(ref, content, this.#place(ref), wrapper))
    } catch (error) {
      if (!(error instanceof KeystoreError)) throw error
      this.#around.warn(error.message)
      return [{ ref, index: 1, rotatedAt: null, publicOnly: false }]
    }
  }

  /** Null where there is no ring of this key. */
  async #read(ref: KeyRef): Promise<KeyRing | null> {
    checkOwner(ref)
    const { storage, wrapper } = this.#around
    const content = await storage.read(ringFile(ringPath(ref)), 'private')
    return content === null ? null : decodeRingFile(ref, content, this.#place(ref), wrapper)
  }

  async #write(writer: StorageWriter, ref: KeyRef, ring: KeyRing): Promise<void> {
    const { wrapper } = this.#around
    const content = await encodeRingFile(ref, ring, this.#now(), wrapper)
    await this.#mark(writer)
    const staged = await writer.stage(ringFile(ringPath(ref)), content, 'private')
    await writer.remove(ringLeftover(ringPath(ref)), 'private')
    await staged.commit()
  }

  /** Makes the storage a keystore v2 before its first ring. */
  async #mark(writer: StorageWriter): Promise<void> {
    if ((await this.#around.storage.read(versionFile, 'public')) !== null) return
    await (await writer.stage(versionFile, Buffer.from(versionMarker), 'public')).commit()
  }

  #change<T>(work: (writer: StorageWriter) => Promise<T>): Promise<T> {
    return this.#around.storage.exclusively(async (writer) => {
      if (writer.interrupted) await writer.sweep()
      return work(writer)
    })
  }

  #withNewKey(ref: KeyRef, ring: KeyRing, key: Key): Promise<KeyRing> {
    return withNewKey(ref, ring, key, this.#now(), this.#around.wrapper)
  }

  #place(ref: KeyRef): string {
    return this.#around.storage.locate(ringFile(ringPath(ref)), 'private')
  }

  #now(): Date {
    return new Date(Number(this.#around.now() / 1_000_000n))
  }
}
