import { createHash, hash } from 'node:crypto'
import { type BlockKey, openBlock, sealBlock } from '@acra-ts/crypto'
import { BufferSink, lastly, type Soon, soon } from '../foundation/index.ts'
import {
  decodeRecord,
  decodeTokenValue,
  encodeRecord,
  encodeTokenValue,
  type TokenRecord,
} from '../tokens/index.ts'
import { ownedKeys } from './key-owner.ts'
import type { TokenType } from './settings/index.ts'
import { randomToken, tokenTypeIds } from './token-values.ts'
import type { Access, TokenUse } from './transform.ts'

/** How often a new token may be one that is in use, before the statement fails. */
const TRIES_MAX = 10
/** The use of a token is noted again after so many seconds. */
const ACCESS_SECONDS = 24 * 60 * 60
const DELIMITER = Buffer.from('tokenizator hash delimiter')
/** `h.` or `t.` and a SHA-256 digest. */
const KEY_SIZE = 34

/** No token was found that is not in use. */
export class NoTokenLeftError extends Error {}

/** A value has a token, and that is disabled. */
export class DisabledTokenError extends Error {}

/**
 * The records of one owner, for values of one type. Values and tokens are in the form of records here. What the store throws goes on, and
 * so does what is wrong with a record.
 */
export class TokenVault {
  readonly #type: TokenType
  readonly #access: Access
  readonly #tokens: TokenUse
  readonly #owner: OwnerRecord
  readonly #keys: readonly BlockKey[]

  /** `keys` are those of `owner`, newest first. */
  constructor(type: TokenType, access: Access, owner: string, keys: readonly BlockKey[]) {
    if (access.tokens === null) throw new Error('tokens have no store')
    this.#type = type
    this.#access = access
    this.#tokens = access.tokens
    this.#owner = ownerRecord(access, owner)
    this.#keys = keys
  }

  /** What a token stands for, in memory that is the caller's; null where it is unknown or disabled. */
  detokenize(token: Buffer): Soon<Buffer | null> {
    const key = this.#key('t.', token)
    return soon(this.#read(key), (found) => {
      if (found === null) return null
      const { value, type } = decodeTokenValue(found)
      if (type === tokenTypeIds[this.#type]) return value
      found.fill(0)
      throw new Error('a token is of another type')
    })
  }

  /** Whether there is a token that is this, also a disabled one. */
  has(token: Buffer): Soon<boolean> {
    const record = this.#tokens.store.get(this.#owner.bucket, this.#key('t.', token))
    return soon(record, (found) => found !== null)
  }

  /** A new token for the value. Throws NoTokenLeftError. */
  tokenize(value: Buffer): Soon<Buffer> {
    const plain = encodeTokenValue(value, tokenTypeIds[this.#type])
    return lastly(
      () => this.#newToken(value, (key) => this.#add(key, plain)),
      () => plain.fill(0),
    )
  }

  /** The value's one token: the one it has, or a new one. Throws DisabledTokenError and NoTokenLeftError. */
  consistent(value: Buffer): Soon<Buffer> {
    const key = this.#key('h.', value)
    return soon(this.#read(key), (known) => known ?? this.#firstToken(key, value))
  }

  /** The value's token; where it has none, one that nothing stored has: a search makes no records. */
  find(value: Buffer): Soon<Buffer> {
    return soon(this.#read(this.#key('h.', value)), (known) =>
      known !== null
        ? known
        : this.#newToken(value, (key) =>
            soon(this.#tokens.store.get(this.#owner.bucket, key), (taken) => taken === null),
          ),
    )
  }

  #firstToken(key: Buffer, value: Buffer): Soon<Buffer> {
    return soon(this.tokenize(value), (token) =>
      soon(this.#add(key, token), (isFirst) => (isFirst ? token : this.#token(key))),
    )
  }

  /** The token of a value that somebody else has been the first to write, or that is disabled. */
  #token(key: Buffer): Soon<Buffer> {
    return soon(this.#read(key), (theirs) => {
      if (theirs !== null) return theirs
      throw new DisabledTokenError('the token of a value is disabled')
    })
  }

  /** A random token that `take` accepts by the key of its record. */
  #newToken(value: Buffer, take: (key: Buffer) => Soon<boolean>, tries = 0): Soon<Buffer> {
    const token =
      tries < TRIES_MAX ? randomToken(this.#type, value.length, this.#tokens.random) : null
    if (token === null) throw new NoTokenLeftError('no token is left')
    return soon(take(this.#key('t.', token)), (isAccepted) =>
      isAccepted ? token : this.#newToken(value, take, tries + 1),
    )
  }

  #key(kind: 'h.' | 't.', value: Buffer): Buffer {
    const suffix = suffixOf(this.#owner, this.#type)
    const size = DELIMITER.length + value.length
    const hashed = Buffer.allocUnsafe(size + suffix.length)
    hashed.set(DELIMITER, 0)
    hashed.set(value, DELIMITER.length)
    hashed.set(suffix, size)
    const key = Buffer.allocUnsafe(KEY_SIZE)
    key.write(kind, 'latin1')
    key.set(hash('sha256', hashed, 'buffer'), kind.length)
    hashed.fill(0)
    return key
  }

  /** What a record holds; null where there is none, or a disabled one. Throws where it cannot be opened. */
  #read(key: Buffer): Soon<Buffer | null> {
    return soon(this.#tokens.store.get(this.#owner.bucket, key), (value) => {
      if (value === null) return null
      const record = decodeRecord(value)
      if (record.disabled) return null
      const opened = new BufferSink(record.data.length)
      if (!openBlock(this.#keys, record.data, 0, record.data.length, opened)) {
        throw new Error('a record of a token is no AcraBlock')
      }
      this.#noteUse(key, record)
      return opened.take()
    })
  }

  /** Notes the use of a record, once a day; nobody waits for it. */
  #noteUse(key: Buffer, record: TokenRecord): void {
    const accessed = this.#tokens.now()
    if (record.accessed >= accessed - ACCESS_SECONDS) return
    const { store } = this.#tokens
    const noted = store.replace(this.#owner.bucket, key, encodeRecord({ ...record, accessed }))
    if (noted instanceof Promise) noted.catch((error) => this.#access.observer?.tokenFailed(error))
  }

  /** Seals and keeps a new record; false where there is one. */
  #add(key: Buffer, plain: Buffer): Soon<boolean> {
    const sealed = new BufferSink(plain.length + BLOCK_ROOM)
    sealBlock(this.#keys[0]!, plain, sealed)
    const now = this.#tokens.now()
    const data = sealed.take()
    const record = { data, created: now, accessed: now, disabled: false }
    return this.#tokens.store.add(this.#owner.bucket, key, encodeRecord(record))
  }
}

/** What an AcraBlock adds to a value, in bytes, or more: spec acra-envelopes, section 2. */
const BLOCK_ROOM = 200

interface OwnerRecord {
  readonly owner: string
  /** How the owner is named in what the keys of records are made of. */
  readonly name: Buffer
  readonly bucket: Buffer
  /** What stands behind a value in them, by the number of its type. */
  readonly suffixes: Buffer[]
}

/** The last owner of each connection: mostly it has only one. */
const lastOwners = new WeakMap<Access, OwnerRecord>()

/** How an owner is named in the keys of records, and the bucket of its records. */
function ownerRecord(access: Access, owner: string): OwnerRecord {
  const last = lastOwners.get(access)
  if (last?.owner === owner) return last
  const { id, pair } = ownedKeys(owner)
  const name = Buffer.from(`${pair === 'zone' ? 'zone' : 'client'}${id}`)
  const bucket = createHash('sha256').update(name).digest()
  const record = { owner, name, bucket, suffixes: [] }
  lastOwners.set(access, record)
  return record
}

function suffixOf({ name, suffixes }: OwnerRecord, type: TokenType): Buffer {
  const id = tokenTypeIds[type]
  suffixes[id] ??= Buffer.concat([name, DELIMITER, Buffer.from(String(id))])
  return suffixes[id]!
}
