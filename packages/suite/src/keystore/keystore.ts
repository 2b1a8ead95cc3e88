import type { Soon } from '../foundation/index.ts'
import type { Finding } from './inspection.ts'
import type { Key, KeyRef } from './key-ref.ts'

/** What is known of a key without opening it. */
export interface KeyDescription {
  readonly ref: KeyRef
  /** 1 is the current version; rotated ones follow, oldest first, from 2. */
  readonly index: number
  /** Of a rotated version: when it was replaced; null for the current one and where the layout does not say. */
  readonly rotatedAt: Date | null
  /** True where the store holds the public half alone: the key of a peer. */
  readonly publicOnly: boolean
}

/** Keys by name, whatever the layout and the storage. Every method throws KeystoreError where the owner does not fit the purpose. */
export interface Keystore {
  /**
   * All versions, newest first; empty where there is none. The secrets are the caller's: `wipeKeys` after use.
   * Throws KeystoreError where one cannot be opened.
   */
  keys(ref: KeyRef): Soon<readonly Key[]>
  /**
   * The public halves alone, newest first; empty where there is none. Where the store can open the private halves they are computed from these,
   * since nothing protects a public file; else they are taken from the files, which needs no master key.
   */
  publicKeys(ref: KeyRef): Soon<readonly Uint8Array[]>
  /** Stores given versions (newest first) as the whole history. */
  put(ref: KeyRef, versions: readonly Key[]): Promise<void>
  /**
   * Stores the public halves of a peer's key (newest first) as the whole history; of a pair whose private half is not here. Throws KeystoreError
   * `keystore-key-unfit` where it is.
   */
  putPublic(ref: KeyRef, versions: readonly Uint8Array[]): Promise<void>
  /** Writes the public halves of these pairs again where they are missing or wrong; which of them. */
  recoverPublic(refs: readonly KeyRef[]): Promise<readonly KeyRef[]>
  /** Makes a new key; where one exists, the old one moves into its history. Refuses where the old one cannot be opened. */
  generate(ref: KeyRef): Promise<void>
  /** Makes a new key where there is none, so that of several who ask at the same time one makes it. False where there is one. */
  generateMissing(ref: KeyRef): Promise<boolean>
  /** Removes one version, numbered as in `list`. */
  destroy(ref: KeyRef, index: number): Promise<void>
  list(): Promise<readonly KeyDescription[]>
  /** Every key that is there, by name alone: nothing is read. */
  refs(): Promise<readonly KeyRef[]>
  /**
   * What has become of a key that `keys` does not open, as far as the other keys of the store can tell; null where they cannot. Tries few of them, so
   * that it may be asked for every connection.
   */
  diagnose(ref: KeyRef): Promise<Finding | null>
  /** Forgets every cached key, overwriting what was in memory. */
  reset(): void
}

/** Overwrites the secrets of keys that are not needed any more. */
export function wipeKeys(keys: readonly Key[]): void {
  for (const { secret } of keys) secret.fill(0)
}
