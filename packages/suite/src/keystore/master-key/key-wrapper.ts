import type { Soon } from '../../foundation/index.ts'
import type { KeyRef } from '../key-ref.ts'

/** The layout of a store: it decides what a master key is made of. */
export type StoreVersion = 'v1' | 'v2'

/**
 * Protects the keys of one store: a master key in memory does it, a device that keeps the master key to itself, or a service that holds a key
 * for every client. A service answers late and may fail: KeystoreError `master-key-unavailable`.
 */
export interface KeyWrapper {
  /** The wrapped form of a key, bound to `context`; `ref` tells whose key it is, for a wrapper that has one key per client. */
  wrap(key: Uint8Array, ref: KeyRef, context: string): Soon<Uint8Array>
  /** The key, for the caller to overwrite; null where it was not wrapped by this wrapper under this context, or is damaged. */
  unwrap(wrapped: Uint8Array, ref: KeyRef, context: string): Soon<Uint8Array | null>
  /** HMAC-SHA256 of `bytes` under the signature key, 32 bytes; null where the master key is that of a keystore v1, which signs nothing. */
  readonly sign: ((bytes: Uint8Array) => Soon<Uint8Array>) | null
  /** The same under a master key that is being replaced: its signatures are accepted, and never written. */
  readonly signBefore?: KeyWrapper['sign']
  /** Asks the service or device behind whether it would still do its work; rejects where not. Null where all is in memory. */
  readonly probe: (() => Promise<void>) | null
  /** Overwrites what is held, and lets go of devices and services. Nothing can be wrapped or unwrapped afterwards. */
  wipe(): void
}
