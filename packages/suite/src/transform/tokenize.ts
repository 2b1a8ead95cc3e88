import { createHash } from 'node:crypto'
import { type BlockKey, openBlock, type Sink, sealBlock } from '@acra-ts/crypto'
import { BufferSink, explained, lastly, type Soon, soon } from '../foundation/index.ts'
import {
  decodeRecord,
  decodeTokenValue,
  encodeRecord,
  encodeTokenValue,
  type TokenRecord,
  type TokenStore,
} from '../tokens/index.ts'
import { ownedKeys, ownerName } from './key-owner.ts'
import { keyMissing, nameOf } from './seal.ts'
import type { ColumnSetting, Tokenization } from './settings/index.ts'
import { decodeTokenText, encodeTokenText, randomToken, tokenTypeIds } from './token-values.ts'
import { type Access, type Column, type Transform, TransformError } from './transform.ts'

/** Another value of the same type stands in the database; a store knows what it stands for. */
export const tokenizing: Transform = {
  name: 'tokenization',
  column: (setting) =>
    setting.tokenization === null ? null : tokenizedColumn(setting, setting.tokenization),
}

/** How often a new token may be one that is in use, before the statement fails. */
const TRIES_MAX = 10
/** The use of a token is noted again after so many seconds. */
const ACCESS_SECONDS = 24 * 60 * 60
const DELIMITER = Buffer.from('tokenizator hash delimiter')

/**
 * Stored is a token: numbers as decimal text, everything else as bytes (spec: acra-envelopes §7). The records are of the column's own client,
 * or of the connection's, and sealed with its keys. An unknown or disabled token stays as it is. An empty value stays empty.
 */
function tokenizedColumn(setting: ColumnSetting, tokenization: Tokenization): Column {
  const { type, consistent } = tokenization
  return {
    search: consistent
      ? {
          prefixSize: null,
          forms: (plain, access) => {
            const form = (token: Buffer) => [decodeTokenText(type, token)!]
            if (plain.length === 0) return [plain]
            return withVault(setting, access, (vault) =>
              soon(vault.find(valueOfPlain(setting, tokenization, plain)), form),
            )
          },
        }
      : null,
    protect(plain, access, out) {
      if (plain.length === 0) return
      const value = valueOfPlain(setting, tokenization, plain)
      return withVault(setting, access, (vault) =>
        soon(consistent ? vault.consistent(value) : vault.tokenize(value), (token) =>
          append(out, decodeTokenText(type, token)!),
        ),
      )
    },
    reveal(stored, access, out) {
      const token = encodeTokenText(type, stored)
      if (token === null || token.length === 0) return false
      return revealed(setting, tokenization, token, access, out)
    },
  }
}

function valueOfPlain(setting: ColumnSetting, { type }: Tokenization, plain: Uint8Array): Buffer {
  const value = encodeTokenText(type, plain)
  if (value !== null) return value
  const text = `a value for ${nameOf(setting)} is none of the type ${type}`
  throw new TransformError('transform-not-tokenized', text)
}

/** What `next` does with the records of the owner of the column's values. Throws TransformError where that fails. */
function withVault<R>(
  setting: ColumnSetting,
  access: Access,
  next: (vault: Vault) => Soon<R>,
): Soon<R> {
  const owner = setting.clientId ?? access.clientId
  return explained(
    () =>
      access.keys.toTokens(owner, (keys) => {
        if (keys.length === 0) throw keyMissing(setting, owner, 'symmetric storage key')
        return next(new Vault(setting, access, owner, keys))
      }),
    (cause) => {
      if (cause instanceof TransformError) return cause
      const text = `a token for ${nameOf(setting)} of ${ownerName(owner)} can be neither found nor made`
      return new TransformError('transform-not-tokenized', text, { cause })
    },
  )
}

/** Appends what a token stands for. What cannot be resolved stays as it is, and is told where that is not its own doing. */
function revealed(
  setting: ColumnSetting,
  { type }: Tokenization,
  token: Buffer,
  access: Access,
  out: Sink,
): Soon<boolean> {
  const failed = (error: unknown): boolean => {
    access.observer?.tokenFailed(error)
    return false
  }
  const show = (value: Buffer | null): boolean => {
    const text = value === null ? null : decodeTokenText(type, value)
    if (text !== null) append(out, text)
    value?.fill(0)
    return text !== null
  }
  try {
    const done = access.keys.toTokens(access.clientId, (keys) => {
      const vault = new Vault(setting, access, access.clientId, keys)
      return soon(vault.detokenize(token), show)
    })
    return done instanceof Promise ? done.catch(failed) : done
  } catch (error) {
    return failed(error)
  }
}

/** The records of one owner, for values of one type. Values and tokens are in the form of records here. */
class Vault {
  readonly #store: TokenStore
  readonly #access: Access
  readonly #owner: Buffer
  readonly #bucket: Buffer
  readonly #keys: readonly BlockKey[]
  readonly #type: Tokenization['type']
  readonly #setting: ColumnSetting

  constructor(setting: ColumnSetting, access: Access, owner: string, keys: readonly BlockKey[]) {
    if (access.tokens === null) throw new Error('tokens have no store')
    this.#store = access.tokens
    this.#access = access
    const { name, bucket } = ownerRecord(access, owner)
    this.#owner = name
    this.#bucket = bucket
    this.#keys = keys
    this.#type = setting.tokenization!.type
    this.#setting = setting
  }

  /** What a token stands for; null where it is unknown or disabled. */
  detokenize(token: Buffer): Soon<Buffer | null> {
    const key = this.#key('t.', token)
    return soon(this.#read(key), (found) => {
      if (found === null) return null
      const { value, type } = decodeTokenValue(found)
      if (type !== tokenTypeIds[this.#type]) throw new Error('a token is of another type')
      const copy = Buffer.from(value)
      found.fill(0)
      return copy
    })
  }

  /** A new token for the value. */
  tokenize(value: Buffer): Promise<Buffer> {
    return this.#newToken(value, (key) =>
      this.#add(key, encodeTokenValue(value, tokenTypeIds[this.#type])),
    )
  }

  /** The value's one token: the one it has, or a new one. */
  async consistent(value: Buffer): Promise<Buffer> {
    const key = this.#key('h.', value)
    const known = await this.#read(key)
    if (known !== null) return known
    const token = await this.tokenize(value)
    if (await this.#add(key, token)) return token
    // Somebody else was first, or it is disabled.
    const theirs = await this.#read(key)
    if (theirs !== null) return theirs
    const text = `the token of a value for ${nameOf(this.#setting)} is disabled`
    throw new TransformError('transform-not-tokenized', text)
  }

  /** The value's token; where it has none, one that nothing stored has: a search makes no records. */
  find(value: Buffer): Soon<Buffer> {
    return soon(this.#read(this.#key('h.', value)), (known) =>
      known !== null
        ? known
        : this.#newToken(value, (key) =>
            soon(this.#store.get(this.#bucket, key), (taken) => taken === null),
          ),
    )
  }

  /** A random token that `take` accepts by the key of its record. */
  async #newToken(value: Buffer, take: (key: Buffer) => Soon<boolean>): Promise<Buffer> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const token = randomToken(this.#type, value.length)
      if (token === null) break
      if (await take(this.#key('t.', token))) return token
    }
    const text = `can't generate new random value for ${nameOf(this.#setting)}: its values are too short for more tokens`
    throw new TransformError('transform-not-tokenized', text)
  }

  #key(kind: 'h.' | 't.', value: Buffer): Buffer {
    const hash = createHash('sha256')
      .update(DELIMITER)
      .update(value)
      .update(this.#owner)
      .update(DELIMITER)
      .update(String(tokenTypeIds[this.#type]))
      .digest()
    return Buffer.concat([Buffer.from(kind), hash])
  }

  /** What a record holds; null where there is none, or a disabled one. Throws where it cannot be opened. */
  #read(key: Buffer): Soon<Buffer | null> {
    return soon(this.#store.get(this.#bucket, key), (value) => {
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
    const accessed = secondsNow()
    if (record.accessed >= accessed - ACCESS_SECONDS) return
    const noted = this.#store.replace(this.#bucket, key, encodeRecord({ ...record, accessed }))
    if (noted instanceof Promise) noted.catch((error) => this.#access.observer?.tokenFailed(error))
  }

  /** Seals and keeps a new record; false where there is one. */
  #add(key: Buffer, plain: Buffer): Soon<boolean> {
    const sealed = new BufferSink()
    return lastly(
      () => {
        sealBlock(this.#keys[0], plain, sealed)
        const now = secondsNow()
        const data = sealed.take()
        const record = { data, created: now, accessed: now, disabled: false }
        return this.#store.add(this.#bucket, key, encodeRecord(record))
      },
      () => sealed.truncate(0),
    )
  }
}

interface OwnerRecord {
  readonly owner: string
  readonly name: Buffer
  readonly bucket: Buffer
}

/** The last owner of each connection: mostly it has only one. */
const lastOwners = new WeakMap<Access, OwnerRecord>()

/** How an owner is named in the keys of records, and the bucket of its records. */
function ownerRecord(access: Access, owner: string): OwnerRecord {
  const last = lastOwners.get(access)
  if (last?.owner === owner) return last
  const { id, pair } = ownedKeys(owner)
  const name = Buffer.from(`${pair === 'zone' ? 'zone' : 'client'}${id}`)
  const record = { owner, name, bucket: createHash('sha256').update(name).digest() }
  lastOwners.set(access, record)
  return record
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000)
}

function append(out: Sink, bytes: Uint8Array): void {
  const at = out.reserve(bytes.length)
  out.bytes.set(bytes, at)
}
