import type { EnvelopeKind, Sink } from '@acra-ts/crypto'
import { AcraError, type Soon } from '../foundation/index.ts'
import type { TokenStore } from '../tokens/index.ts'
import type { KeyUse } from './keys-in-use.ts'
import type { PoisonWatch } from './poison.ts'
import type { ColumnSetting, TokenType } from './settings/index.ts'

/** Whose keys serve a connection. One object per client connection. */
export interface Access {
  readonly clientId: string
  /** Keys for use, prepared once (derived cell keys, key ids, ECDH objects) and shared by all connections of a process. */
  readonly keys: KeyUse
  /** Told of every value that is sealed or opened, or is not; null where nobody asks. */
  readonly observer: ValueObserver | null
  /** Looks for poison records in what the database answers; null where nobody does. */
  readonly poison: PoisonWatch | null
  /** Null where no column is tokenized. */
  readonly tokens: TokenUse | null
}

/** Where tokens are kept, and what new ones are made with. */
export interface TokenUse {
  readonly store: TokenStore
  /** Seconds since 1970. */
  readonly now: () => number
  /** Fresh random bytes, that are the caller's own. */
  readonly random: (size: number) => Uint8Array
  /** A value that is a known token is stored as it is: a dump is being restored. */
  readonly restores: boolean
}

/** What may be logged and counted of values: told for each envelope, and never what the value is. */
export interface ValueObserver {
  opened(kind: EnvelopeKind): void
  /** None of the client's keys opens an envelope: another client's, or damaged (log code 581). */
  notOpened(kind: EnvelopeKind): void
  sealed(kind: EnvelopeKind): void
  /** A value was to be sealed and could not be: no key. */
  notSealed(kind: EnvelopeKind): void
  /** An envelope opens, but what is in it has another search hash than stands before it: it is left as it was. */
  notVerified(): void
  /** A value was given a token, or was to be and was not. */
  tokenized(type: TokenType, success: boolean): void
  /** A token was turned into its value; or was not, being unknown, disabled, or of nobody whose keys are there. */
  detokenized(type: TokenType, success: boolean): void
  /** A token could not be resolved, or its use not noted: `error` says why; it is answered as it is. */
  tokenFailed(error: unknown): void
  /** The keys of this kind could not be had from the keystore: `error` says why. */
  keysFailed(kind: EnvelopeKind | 'search', error: unknown): void
}

/** A plain or stored value goes in as bytes; what comes out is appended to `out`. */
export interface Column {
  /** Appends the protected form of `plain`. Throws TransformError where it cannot (no key): nothing is appended then. */
  protect(plain: Uint8Array, access: Access, out: Sink): Soon<void>
  /**
   * Appends what is stored for a value that is given in its stored form and is stored as it is; false, nothing appended, where it is a value like
   * any other. Throws TransformError where the keys cannot be had that tell one from the other.
   */
  keep(stored: Uint8Array, access: Access, out: Sink): Soon<boolean>
  /** Appends the plain form of `stored` and returns true; false, nothing appended, where nothing in it could be opened. */
  reveal(stored: Uint8Array, access: Access, out: Sink): Soon<boolean>
  /** How a statement finds values; null where it cannot. */
  readonly search: Search | null
}

/** Equality on what is stored. Two values that one client has stored under one key are equal exactly where these parts are. */
export interface Search {
  /** How many bytes at the beginning of a stored value are compared; null: all of it. */
  readonly prefixSize: number | null
  /**
   * What the compared part of a stored `plain` may be: at least one form, that of the newest key first; more where older keys
   * are still in use. Throws TransformError where there is no key.
   */
  forms(plain: Uint8Array, access: Access): Soon<readonly Uint8Array[]>
  /** The same for a value that is given in its stored form; null where `keep` would not take it for one. */
  keptForms(stored: Uint8Array, access: Access): Soon<readonly Uint8Array[] | null>
}

/** One way to protect columns. The list is in `transforms.ts`. */
export interface Transform {
  readonly name: string
  /** The column that a setting asks for; null where it asks for another transform. */
  column(setting: ColumnSetting): Column | null
}

export type TransformErrorCode =
  | 'transform-key-missing'
  | 'transform-not-hashed'
  | 'transform-not-tokenized'
  | 'transform-not-opened'
  | 'transform-not-encrypted'

/** A value that cannot be protected. The message names table, column and client, never the value. */
export class TransformError extends AcraError<TransformErrorCode> {}
