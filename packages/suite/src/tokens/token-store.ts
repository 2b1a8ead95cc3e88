import { AcraError, type Soon } from '../foundation/index.ts'

/** What the records of one owner have in common: the SHA-256 digest of the owner. 32 bytes. */
export type Bucket = Buffer

/** A record that is scanned. */
export interface StoredRecord {
  readonly bucket: Bucket
  readonly key: Buffer
  readonly value: Buffer
}

/** What becomes of a record that is scanned: it stays, goes, or gets another value. */
export type Fate = 'keep' | 'remove' | Buffer

/**
 * Where tokens are kept: bytes by bucket and key. What is in them is the business of others (`record.ts`, `transform/tokenize.ts`).
 * Every method throws TokenStoreError where the store cannot be asked; then nothing has been told about what is in it.
 */
export interface TokenStore {
  /** Null where there is none. */
  get(bucket: Bucket, key: Buffer): Soon<Buffer | null>
  /** Keeps a new record, for good once the answer is there; false, and nothing is changed, where there is one. */
  add(bucket: Bucket, key: Buffer, value: Buffer): Soon<boolean>
  /** Replaces the value of a record; does nothing where there is none. */
  replace(bucket: Bucket, key: Buffer, value: Buffer): Soon<void>
  /** Visits every record once, those of the time of the call at least. */
  scan(visit: (record: StoredRecord) => Fate): Promise<void>
  close(): Promise<void>
}

export type TokenStoreErrorCode =
  | 'token-store-unavailable'
  | 'token-store-misconfigured'
  | 'token-store-damaged'

/** The store cannot be opened, asked, or understood. */
export class TokenStoreError extends AcraError<TokenStoreErrorCode> {}
