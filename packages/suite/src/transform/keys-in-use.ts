import {
  BlockKey,
  type EnvelopeKind,
  type Primitives,
  SearchKey,
  StructPrivateKey,
  StructPublicKey,
} from '@acra-ts/crypto'
import { type Soon, soon } from '../foundation/index.ts'
import { type Key, type Keystore, type Purpose, wipeKeys } from '../keystore/index.ts'
import { contextOf, ownedKeys } from './key-owner.ts'
import { PreparedKeys } from './prepared-keys.ts'

/** What keys in use are made with. */
export interface KeysInUseOptions {
  readonly keystore: Pick<Keystore, 'keys' | 'publicKeys'>
  readonly primitives: Primitives
  /** Clients whose keys of one kind are kept ready: the keystore's cache size; Infinity where that sets no bound, 0 for none. */
  readonly clientsMax: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/** Keys that open envelopes, newest first. They must not be kept beyond the call that they are given to. */
export interface OpeningKeys {
  readonly blockKeys: readonly BlockKey[]
  readonly structKeys: readonly StructPrivateKey[]
  /** The context of AcraStructs; an AcraBlock's key has its own. */
  readonly context: Uint8Array
}

/** What columns ask of keys. An owner is a client id, or a zone (`key-owner.ts`). */
export type KeyUse = Pick<
  KeysInUse,
  'toOpen' | 'toOpenGiven' | 'zone' | 'toSealBlock' | 'toSealStruct' | 'toHash' | 'toTokens'
>

/**
 * The keys of clients, ready for use: what depends on a key alone is done once, and shared by all connections of a process.
 * Bounded, and overwritten when dropped (settled 9). Everything is synchronous where the keys are there.
 */
export class KeysInUse {
  readonly #blockKeys: PreparedKeys<BlockKey>
  readonly #structKeys: PreparedKeys<StructPrivateKey>
  readonly #publicKeys: PreparedKeys<StructPublicKey>
  readonly #searchKeys: PreparedKeys<SearchKey>
  readonly #tokenKeys: PreparedKeys<BlockKey>

  constructor(options: KeysInUseOptions) {
    const { keystore, primitives: p, clientsMax: ownersMax, now } = options
    const secretKeys = <K>(purpose: Purpose, owner: string, prepare: (key: Key) => K) =>
      soon(keystore.keys({ purpose, owner }), (keys) => prepareAndWipe(keys, prepare))
    this.#blockKeys = new PreparedKeys({
      load: (owner) => {
        const { symmetric, id, context } = ownedKeys(owner)
        return secretKeys(symmetric, id, ({ secret }) => new BlockKey(p, secret, context))
      },
      wipe: (key) => key.wipe(),
      ownersMax,
      now,
    })
    this.#structKeys = new PreparedKeys({
      load: (owner) => {
        const { pair, id } = ownedKeys(owner)
        return secretKeys(pair, id, ({ secret }) => new StructPrivateKey(p, secret))
      },
      wipe: (key) => key.wipe(),
      ownersMax,
      now,
    })
    this.#publicKeys = new PreparedKeys({
      load: (owner) => {
        const { pair, id } = ownedKeys(owner)
        return soon(keystore.publicKeys({ purpose: pair, owner: id }), (keys) =>
          keys.map((key) => new StructPublicKey(p, key)),
        )
      },
      wipe: () => {},
      ownersMax,
      now,
    })
    this.#searchKeys = new PreparedKeys({
      load: (owner) => secretKeys('hmac', owner, ({ secret }) => new SearchKey(p, secret)),
      wipe: (key) => key.wipe(),
      ownersMax,
      now,
    })
    this.#tokenKeys = new PreparedKeys({
      load: (owner) => {
        const { symmetric, id } = ownedKeys(owner)
        return secretKeys(symmetric, id, ({ secret }) => new BlockKey(p, secret, Buffer.from(id)))
      },
      wipe: (key) => key.wipe(),
      ownersMax,
      now,
    })
  }

  /**
   * Calls `next` with the keys that open the client's envelopes. Keys that cannot be had are told to `onFailure` and count
   * as absent: what they would open comes back as it is.
   */
  toOpen<R>(
    clientId: string,
    next: (keys: OpeningKeys) => Soon<R>,
    onFailure: (kind: EnvelopeKind, error: unknown) => void,
  ): Soon<R> {
    return this.#blockKeys.use(
      clientId,
      (blockKeys) =>
        this.#structKeys.use(
          clientId,
          (structKeys) => next({ blockKeys, structKeys, context: contextOf(clientId) }),
          (error) => onFailure('acrastruct', error),
        ),
      (error) => onFailure('acrablock', error),
    )
  }

  /** The zone that is in force: here there is none. */
  readonly zone: string | null = null

  /** The same for envelopes that are given to be written: what is read has no say in it. */
  toOpenGiven<R>(...given: Parameters<typeof this.toOpen<R>>): Soon<R> {
    return this.toOpen(...given)
  }

  /** Calls `next` with the key that seals the client's AcraBlocks; null where there is none. Throws what the keystore throws. */
  toSealBlock<R>(clientId: string, next: (key: BlockKey | null) => Soon<R>): Soon<R> {
    return this.#blockKeys.use(clientId, ([newest]) => next(newest ?? null))
  }

  /** Calls `next` with the key that seals the client's AcraStructs; null where there is none. Throws what the keystore throws. */
  toSealStruct<R>(clientId: string, next: (key: StructPublicKey | null) => Soon<R>): Soon<R> {
    return this.#publicKeys.use(clientId, ([newest]) => next(newest ?? null))
  }

  /**
   * Calls `next` with the keys of the client's search hashes, newest first. Keys that cannot be had are told to `onFailure`
   * and count as absent; without it the error is thrown.
   */
  toHash<R>(
    clientId: string,
    next: (keys: readonly SearchKey[]) => Soon<R>,
    onFailure?: (error: unknown) => void,
  ): Soon<R> {
    return this.#searchKeys.use(clientId, next, onFailure)
  }

  /**
   * Calls `next` with the keys of the client's records of tokens, newest first: those of its AcraBlocks, with its id as context (spec:
   * acra-envelopes §7.4). Throws what the keystore throws.
   */
  toTokens<R>(clientId: string, next: (keys: readonly BlockKey[]) => Soon<R>): Soon<R> {
    return this.#tokenKeys.use(clientId, next)
  }

  /** Forgets all keys: the next use asks the keystore again. What is at work now ends with the keys it has. */
  reset(): void {
    this.#blockKeys.reset()
    this.#structKeys.reset()
    this.#publicKeys.reset()
    this.#searchKeys.reset()
    this.#tokenKeys.reset()
  }
}

function prepareAndWipe<K>(keys: readonly Key[], prepare: (key: Key) => K): readonly K[] {
  try {
    return keys.map(prepare)
  } finally {
    wipeKeys(keys)
  }
}
