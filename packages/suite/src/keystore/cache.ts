import { openCell, sealCell } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Soon } from '../foundation/index.ts'
import type { Finding } from './inspection.ts'
import { type Key, type KeyRef, purposes } from './key-ref.ts'
import { type KeyDescription, type Keystore, wipeKeys } from './keystore.ts'

/** Keys that are loaded at once at start: most of the time goes by waiting for files, or for a service far away that unwraps each. */
const PRELOADED_AT_ONCE = 16

/** A key that lies in the cache: its secret is sealed by the key of this cache. */
interface SealedKey {
  readonly sealed: Uint8Array
  readonly publicKey: Uint8Array | null
}

type Entry =
  | { readonly kind: 'keys'; readonly keys: readonly SealedKey[] }
  | { readonly kind: 'public'; readonly publicKeys: readonly Uint8Array[] }

/**
 * Keys of another keystore, the most recently used ones kept in memory. At rest their secrets are sealed by a random key of this
 * object; what `keys` answers is a copy for the caller to overwrite. What is not there is not remembered, so that a new key is seen
 * at once. spec: keystore §2.4, settled 9
 */
export class CachedKeystore implements Keystore {
  readonly #source: Keystore
  readonly #sizeMax: number
  readonly #entries = new Map<string, Entry>()
  readonly #loading = new Map<string, Promise<Entry | null>>()
  readonly #newSealingKey: () => Uint8Array
  #sealingKey: Uint8Array

  /** Keeps at most `size` names; 0 sets no bound. */
  constructor(source: Keystore, size: number, newSealingKey = randomSealingKey) {
    this.#source = source
    this.#newSealingKey = newSealingKey
    this.#sealingKey = newSealingKey()
    this.#sizeMax = size === 0 ? Number.POSITIVE_INFINITY : size
  }

  /** A value at once where the key is in memory. */
  keys(ref: KeyRef): Soon<readonly Key[]> {
    const name = `keys ${ref.purpose} ${ref.owner ?? ''}`
    const entry = this.#touch(name)
    if (entry?.kind === 'keys') return this.#open(entry.keys)
    return this.#load(name, () => this.#loadKeys(ref)).then((loaded) => {
      if (loaded === null) return []
      // Forgotten again while it was loaded: what is sealed there opens no more.
      if (loaded !== this.#entries.get(name) || loaded.kind !== 'keys')
        return this.#source.keys(ref)
      return this.#open(loaded.keys)
    })
  }

  publicKeys(ref: KeyRef): Soon<readonly Uint8Array[]> {
    // A pair that is here whole has its public halves at hand.
    const whole = this.#touch(`keys ${ref.purpose} ${ref.owner ?? ''}`)
    if (whole?.kind === 'keys')
      return whole.keys.flatMap(({ publicKey }) => (publicKey === null ? [] : [publicKey]))
    const name = `public ${ref.purpose} ${ref.owner ?? ''}`
    const entry = this.#touch(name)
    if (entry?.kind === 'public') return entry.publicKeys
    return this.#load(name, () => this.#loadPublicKeys(ref)).then((loaded) =>
      loaded?.kind === 'public' ? loaded.publicKeys : [],
    )
  }

  async put(ref: KeyRef, versions: readonly Key[]): Promise<void> {
    await this.#source.put(ref, versions).finally(() => this.#forget(ref))
  }

  recoverPublic(refs: readonly KeyRef[]): Promise<readonly KeyRef[]> {
    return this.#source.recoverPublic(refs)
  }

  async putPublic(ref: KeyRef, versions: readonly Uint8Array[]): Promise<void> {
    await this.#source.putPublic(ref, versions).finally(() => this.#forget(ref))
  }

  async generate(ref: KeyRef): Promise<void> {
    await this.#source.generate(ref).finally(() => this.#forget(ref))
  }

  async generateMissing(ref: KeyRef): Promise<boolean> {
    return this.#source.generateMissing(ref).finally(() => this.#forget(ref))
  }

  async destroy(ref: KeyRef, index: number): Promise<void> {
    await this.#source.destroy(ref, index).finally(() => this.#forget(ref))
  }

  list(): Promise<readonly KeyDescription[]> {
    return this.#source.list()
  }

  refs(): Promise<readonly KeyRef[]> {
    return this.#source.refs()
  }

  diagnose(ref: KeyRef): Promise<Finding | null> {
    return this.#source.diagnose(ref)
  }

  reset(): void {
    for (const name of [...this.#entries.keys()]) this.#evict(name)
    this.#loading.clear()
    this.#sealingKey.fill(0)
    this.#sealingKey = this.#newSealingKey()
    this.#source.reset()
  }

  /** Number of names in memory. */
  get size(): number {
    return this.#entries.size
  }

  /** Loads keys until the cache is full. What does not open is told to `warn` and left out: it fails where it is used. */
  async preload(warn: (sentence: string) => void): Promise<void> {
    const rest = (await this.#source.refs()).values()
    const worker = async () => {
      while (this.#entries.size + this.#loading.size < this.#sizeMax) {
        const { value: ref, done } = rest.next()
        if (done) return
        await this.#preloadKey(ref).catch((error) =>
          warn(error instanceof Error ? error.message : String(error)),
        )
      }
    }
    await Promise.all(Array.from({ length: PRELOADED_AT_ONCE }, worker))
  }

  async #preloadKey(ref: KeyRef): Promise<void> {
    const keys = await this.keys(ref)
    wipeKeys(keys)
    // The key of a peer: only its public half is here.
    if (keys.length === 0 && purposes[ref.purpose].kind === 'pair') await this.publicKeys(ref)
  }

  async #loadKeys(ref: KeyRef): Promise<Entry | null> {
    const keys = await this.#source.keys(ref)
    if (keys.length === 0) return null
    const sealed = keys.map(({ secret, publicKey }) => {
      return { sealed: sealCell(nodePrimitives, this.#sealingKey, secret), publicKey }
    })
    wipeKeys(keys)
    return { kind: 'keys', keys: sealed }
  }

  async #loadPublicKeys(ref: KeyRef): Promise<Entry | null> {
    const publicKeys = await this.#source.publicKeys(ref)
    return publicKeys.length === 0 ? null : { kind: 'public', publicKeys }
  }

  #open(keys: readonly SealedKey[]): readonly Key[] {
    return keys.map(({ sealed, publicKey }) => {
      return { secret: openCell(nodePrimitives, this.#sealingKey, sealed), publicKey }
    })
  }

  /** One load for all who ask meanwhile. A load that `reset` or a change has overtaken does not enter the cache. */
  #load(name: string, load: () => Promise<Entry | null>): Promise<Entry | null> {
    const running = this.#loading.get(name)
    if (running !== undefined) return running
    const loading: Promise<Entry | null> = load()
      .then((entry) => {
        if (entry !== null && this.#loading.get(name) === loading) this.#enter(name, entry)
        return entry
      })
      .finally(() => {
        if (this.#loading.get(name) === loading) this.#loading.delete(name)
      })
    this.#loading.set(name, loading)
    return loading
  }

  #enter(name: string, entry: Entry): void {
    this.#evict(name)
    this.#entries.set(name, entry)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#sizeMax) return
      this.#evict(oldest)
    }
  }

  /** The entry, moved behind all others: the first one is the least recently used. */
  #touch(name: string): Entry | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    this.#entries.delete(name)
    this.#entries.set(name, entry)
    return entry
  }

  #forget({ purpose, owner }: KeyRef): void {
    for (const kind of ['keys', 'public']) {
      const name = `${kind} ${purpose} ${owner ?? ''}`
      this.#evict(name)
      this.#loading.delete(name)
    }
  }

  #evict(name: string): void {
    const entry = this.#entries.get(name)
    if (entry?.kind === 'keys') for (const { sealed } of entry.keys) sealed.fill(0)
    this.#entries.delete(name)
  }
}

function randomSealingKey(): Uint8Array {
  return nodePrimitives.random(32)
}
