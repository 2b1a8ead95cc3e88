import { identify, SEARCH_HASH_SIZE, SEARCH_HASH_TAG } from '@acra-ts/crypto'
import { type Data, fromHex } from './bytes.ts'
import type { Envelopes } from './envelopes.ts'
import type { AcraReader } from './reader.ts'
import { SdkError } from './sdk-error.ts'
import type { AcraWriter } from './writer.ts'

export interface EncryptedColumnOptions {
  /** Encrypts what is stored. */
  readonly writer: AcraWriter
  /** Opens what is read. Without it values are expected in the clear, as acra-server gives them. */
  readonly reader?: AcraReader
  /** Makes the column searchable. Where acra-server is to decrypt, it is the search key of the client, `CLIENT_hmac`. */
  readonly hmacKey?: Uint8Array
}

/** How the values of a column are written as bytes. */
interface Codec<T> {
  encode(value: T): Data
  /** Text, where a driver gives it: acra-server can give a column another type than the table has. */
  decodeText(text: string): T
  decode(bytes: Uint8Array): T
}

/**
 * A column of type bytea whose values the application encrypts before they leave it, for use by hand and by the helpers for each ORM. NULL stays
 * NULL, and an empty text is stored empty.
 *
 * @example
 * ```ts
 * import { AcraReader, AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
 *
 * const { publicKey, privateKey } = acra.generateKeyPair()
 * const email = EncryptedColumn.text(acra, {
 *   writer: AcraWriter.forClient(acra, publicKey),
 *   reader: new AcraReader(acra, { privateKeys: [privateKey] }),
 *   hmacKey: acra.generateSymmetricKey(),
 * })
 * const stored = email.protect('ann@example.com')
 * console.log(email.reveal(stored)) // ann@example.com
 * console.log(email.searchHash('ann@example.com').length) // 33
 * ```
 */
export class EncryptedColumn<T> {
  readonly #envelopes: Envelopes
  readonly #options: EncryptedColumnOptions
  readonly #codec: Codec<T>

  private constructor(envelopes: Envelopes, options: EncryptedColumnOptions, codec: Codec<T>) {
    this.#envelopes = envelopes
    this.#options = options
    this.#codec = codec
  }

  /** A column of text. */
  static text(envelopes: Envelopes, options: EncryptedColumnOptions): EncryptedColumn<string> {
    return new EncryptedColumn(envelopes, options, {
      encode: (value) => value,
      decodeText: (text) => text,
      decode: textOf,
    })
  }

  /** A column of bytes. */
  static bytes(envelopes: Envelopes, options: EncryptedColumnOptions): EncryptedColumn<Uint8Array> {
    return new EncryptedColumn(envelopes, options, {
      encode: (value) => value,
      decodeText: hexOf,
      decode: (bytes) => bytes,
    })
  }

  /** A column of whatever JSON can hold; what is read is taken to be of the type given. */
  static json<T>(envelopes: Envelopes, options: EncryptedColumnOptions): EncryptedColumn<T> {
    const parse = (text: string) => parsed(text) as T
    return new EncryptedColumn(envelopes, options, {
      encode: (value) => JSON.stringify(value),
      decodeText: parse,
      decode: (bytes) => parse(textOf(bytes)),
    })
  }

  /** Whether it has a search key. */
  get searchable(): boolean {
    return this.#options.hmacKey !== undefined
  }

  /** What is stored for a value: an AcraStruct, its search hash before it where the column is searchable. */
  protect(value: T): Uint8Array
  protect(value: T | null | undefined): Uint8Array | null
  protect(value: T | null | undefined): Uint8Array | null {
    if (value === null || value === undefined) return null
    const data = this.#codec.encode(value)
    if (data.length === 0) return new Uint8Array(0)
    const { writer, hmacKey } = this.#options
    const envelope = writer.encrypt(data)
    return hmacKey === undefined
      ? envelope
      : this.#envelopes.createSearchable(envelope, data, hmacKey)
  }

  /** Whether something is what `protect` gives: an envelope, or nothing at all. */
  isProtected(stored: unknown): stored is Uint8Array {
    if (!(stored instanceof Uint8Array)) return false
    return stored.length === 0 || isEnvelope(stored)
  }

  /**
   * The value of what a driver has read: bytes, or their text `\x…`. Throws SdkError `DECRYPT_FAILED` where the reader cannot open it,
   * `STILL_ENCRYPTED` where there is no reader and nobody has decrypted it, and `WRONG_VALUE` where it is nothing of the column's.
   */
  reveal(stored: unknown): T | null {
    if (stored === null || stored === undefined) return null
    const { reader } = this.#options
    if (typeof stored === 'string' && reader === undefined) return this.#codec.decodeText(stored)
    const bytes = typeof stored === 'string' ? hexOf(stored) : stored
    if (!(bytes instanceof Uint8Array)) throw wrongValue()
    if (bytes.length === 0) return this.#codec.decode(bytes)
    return this.#codec.decode(reader === undefined ? inTheClear(bytes) : reader.decrypt(bytes))
  }

  /** What the first 33 bytes of stored values with this plaintext are: compare it with `substr(column, 1, 33)`. Throws SdkError `NOT_SEARCHABLE`. */
  searchHash(value: T): Uint8Array {
    const { hmacKey } = this.#options
    if (hmacKey !== undefined) return this.#envelopes.searchHash(this.#codec.encode(value), hmacKey)
    throw new SdkError('NOT_SEARCHABLE', 'the column has no search key: give it an hmacKey')
  }
}

/** What acra-server has decrypted. */
function inTheClear(bytes: Uint8Array): Uint8Array {
  if (!isEnvelope(bytes)) return bytes
  throw new SdkError(
    'STILL_ENCRYPTED',
    'the value has come encrypted: connect through acra-server, or give the column a reader',
  )
}

function isEnvelope(bytes: Uint8Array): boolean {
  return identify(bytes)?.whole === true || identify(withoutHash(bytes))?.whole === true
}

function withoutHash(bytes: Uint8Array): Uint8Array {
  return bytes[0] === SEARCH_HASH_TAG ? bytes.subarray(SEARCH_HASH_SIZE) : bytes
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw wrongValue() // Without the cause: it would tell of a plaintext.
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw wrongValue() // Without the cause: it would tell of a plaintext.
  }
}

function hexOf(text: string): Uint8Array {
  const bytes = text.startsWith('\\x') ? fromHex(text.slice(2)) : null
  if (bytes === null) throw wrongValue()
  return bytes
}

function wrongValue(): SdkError {
  return new SdkError('WRONG_VALUE', 'what was read is no value of the column')
}
