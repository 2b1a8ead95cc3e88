/**
 * What the translator does with values: the one layer under both interfaces. Bytes in, bytes out; envelopes stand in their containers.
 * spec: acra-translator §5
 */
import {
  BLOCK_OVERHEAD,
  CONTAINER_OVERHEAD,
  type EnvelopeKind,
  identify,
  openerOf,
  SEARCH_HASH_SIZE,
  SEARCH_HASH_TAG,
  type SearchKey,
  STRUCT_OVERHEAD,
  sealBlockInContainer,
  sealStructInContainer,
} from '@acra-ts/crypto'
import { BufferSink, outcomeOf, type Soon, soon } from '../../foundation/index.ts'
import type { TokenStore } from '../../tokens/index.ts'
import { inspect, type KeysInUse, zoneOwner } from '../../transform/index.ts'
import type { Caller } from './caller.ts'
import { failed, OperationError } from './operation-error.ts'
import { type TokenCounts, Tokens } from './tokens.ts'

/** An envelope, and the hash by which its plaintext is found. */
export interface Searchable {
  readonly hash: Buffer
  readonly envelope: Buffer
}

/** Told of every operation on a value, and whether it was done. */
export interface ValueCounts extends TokenCounts {
  encrypted(kind: EnvelopeKind, isDone: boolean, isSearchable: boolean): void
  decrypted(kind: EnvelopeKind, isDone: boolean, isSearchable: boolean): void
}

const CANNOT_ENCRYPT = "can't encrypt data"
const CANNOT_DECRYPT = "can't decrypt data"

/** Seals and opens values with the keys of their callers. Every method throws OperationError. */
export class Values {
  readonly tokens: Tokens
  readonly #keys: KeysInUse
  readonly #counts: ValueCounts

  constructor(keys: KeysInUse, store: TokenStore, counts: ValueCounts) {
    this.#keys = keys
    this.#counts = counts
    this.tokens = new Tokens(keys, store, counts)
  }

  /** An envelope of this kind; one that is given comes back as it is. */
  encrypt(kind: EnvelopeKind, caller: Caller, data: Buffer): Soon<Buffer> {
    return outcomeOf(
      () => this.#seal(kind, caller, data),
      (isDone) => this.#counts.encrypted(kind, isDone, false),
    )
  }

  /** The plaintext of an envelope of this kind, in a container or bare. */
  decrypt(kind: EnvelopeKind, caller: Caller, data: Buffer): Soon<Buffer> {
    return outcomeOf(
      () => this.#open(kind, caller, data),
      (isDone) => this.#counts.decrypted(kind, isDone, false),
    )
  }

  /** The hash by which a plaintext is found: of the client, also where a zone is named. */
  hash({ clientId }: Caller, data: Buffer): Soon<Buffer> {
    checkClientId(clientId)
    return this.#hashing(clientId, ([key]) => {
      if (key === undefined) throw keysNotFound()
      return Buffer.from(key.hash(data))
    })
  }

  /** Hash and envelope of a plaintext. */
  encryptSearchable(kind: EnvelopeKind, caller: Caller, data: Buffer): Soon<Searchable> {
    return outcomeOf(
      () =>
        soon(this.hash(caller, data), (hash) =>
          soon(this.#seal(kind, caller, data), (envelope) => ({ hash, envelope })),
        ),
      (isDone) => this.#counts.encrypted(kind, isDone, true),
    )
  }

  /** The plaintext of hash and envelope, which must fit together. */
  decryptSearchable(kind: EnvelopeKind, caller: Caller, data: Buffer): Soon<Buffer> {
    return outcomeOf(
      () => this.#openSearchable(kind, caller, data),
      (isDone) => this.#counts.decrypted(kind, isDone, true),
    )
  }

  #seal(kind: EnvelopeKind, caller: Caller, data: Buffer): Soon<Buffer> {
    const owner = ownerOf(caller)
    if (data.length === 0) throw failed(CANNOT_ENCRYPT)
    if (identify(data)?.whole === true) return data
    return kind === 'acrablock'
      ? this.#keys.toSealBlock(owner, (key) =>
          sealed(key, BLOCK_OVERHEAD + data.length, (found, out) =>
            sealBlockInContainer(found, data, out),
          ),
        )
      : this.#keys.toSealStruct(owner, (key) =>
          sealed(key, STRUCT_OVERHEAD + data.length, (found, out) =>
            sealStructInContainer(found, data, out, Buffer.from(caller.zoneId)),
          ),
        )
  }

  #open(kind: EnvelopeKind, caller: Caller, data: Buffer): Soon<Buffer> {
    const owner = ownerOf(caller)
    const envelope = identify(data)
    if (envelope === null || !envelope.whole || envelope.kind !== kind) {
      return this.#notDecrypted(caller, data)
    }
    let failure: unknown
    const open = this.#keys.toOpen(
      owner,
      ({ blockKeys, structKeys, context }) => {
        const out = new BufferSink(data.length)
        const opener = openerOf(blockKeys, structKeys, context)
        return opener.open(kind, data, envelope.start, envelope.end, out) ? out.take() : null
      },
      (_, error) => {
        failure = error
      },
    )
    return soon(open, (plain) => plain ?? this.#notDecrypted(caller, data, failure))
  }

  #openSearchable(kind: EnvelopeKind, caller: Caller, data: Buffer): Soon<Buffer> {
    checkClientId(caller.clientId)
    if (!startsWithHash(data)) throw new OperationError('request-invalid', CANNOT_DECRYPT)
    const [hash, envelope] = [data.subarray(0, SEARCH_HASH_SIZE), data.subarray(SEARCH_HASH_SIZE)]
    return soon(this.#open(kind, caller, envelope), (plain) =>
      this.#hashing(caller.clientId, (keys) => {
        if (keys.some((key) => key.matches(plain, hash))) return plain
        plain.fill(0)
        throw failed(CANNOT_DECRYPT)
      }),
    )
  }

  #hashing<R>(clientId: string, next: (keys: readonly SearchKey[]) => R): Soon<R> {
    return this.#keys.toHash(clientId, next)
  }

  /** What cannot be decrypted may be a poison record: that is looked for now, and changes nothing in the answer. */
  #notDecrypted({ poison }: Caller, data: Buffer, cause?: unknown): never {
    if (poison !== null) inspect(poison, data, 0, data.length)
    throw failed(CANNOT_DECRYPT, cause)
  }
}

/** Whether a search hash stands before what may be an envelope. */
export function startsWithHash(data: Buffer): boolean {
  return data.length > SEARCH_HASH_SIZE && data[0] === SEARCH_HASH_TAG
}

function ownerOf({ clientId, zoneId }: Caller): string {
  checkClientId(clientId)
  return zoneId === '' ? clientId : zoneOwner(zoneId)
}

function checkClientId(clientId: string): void {
  if (clientId === '') throw new OperationError('client-id-empty', 'clientID is empty')
}

/** An envelope of `size` bytes in its container: memory is taken for no more. */
function sealed<K>(key: K | null, size: number, seal: (key: K, out: BufferSink) => void): Buffer {
  if (key === null) throw keysNotFound()
  const out = new BufferSink(CONTAINER_OVERHEAD + size)
  seal(key, out)
  return out.take()
}

function keysNotFound(): OperationError {
  return new OperationError('keys-not-found', 'keys not found')
}
