import type { Soon } from '../foundation/index.ts'
import type { Key, KeyRef } from './key-ref.ts'

/** What is known of a key without opening it. */
export interface KeyDescription {
  readonly ref: KeyRef
  /** 1 is the current version; rotated ones follow, oldest first, from 2. */
  readonly index: number
  /** Of a rotated version: when it was replaced; null for the current one and where the layout does not say. */
  readonly rotatedAt: Date | null
}

/** Keys by name, whatever the layout and the storage. */
export interface Keystore {
  /** All versions, newest first; empty where there is none. Throws KeystoreError where one cannot be opened. */
  keys(ref: KeyRef): Soon<readonly Key[]>
  /** The public halves alone, newest first; needs no master key. */
  publicKeys(ref: KeyRef): Soon<readonly Uint8Array[]>
  /** Stores given versions (newest first) as the whole history. */
  put(ref: KeyRef, versions: readonly Key[]): Promise<void>
  /** Makes a new key; where one exists, the old one moves into its history. */
  generate(ref: KeyRef): Promise<void>
  /** Removes one version, numbered as in `list`. */
  destroy(ref: KeyRef, index: number): Promise<void>
  list(): Promise<readonly KeyDescription[]>
  /** Forgets every cached key, overwriting what was in memory. */
  reset(): void
}
