import type { Sink } from '@acra-ts/crypto'
import type { Soon } from '../foundation/index.ts'
import type { KeysInUse } from './keys-in-use.ts'

/** Whose keys serve a connection. One object per client connection. */
export interface Access {
  readonly clientId: string
  /** Keys for use, prepared once (derived cell keys, key ids, ECDH objects) and shared by all connections of a process. */
  readonly keys: KeysInUse
}

/** A plain or stored value goes in as bytes; what comes out is appended to `out`. */
export interface Column {
  /** Appends the protected form of `plain`. Throws TransformError where it cannot (no key): nothing is appended then. */
  protect(plain: Uint8Array, access: Access, out: Sink): Soon<void>
  /** Appends the plain form of `stored` and returns true; false, nothing appended, where nothing in it could be opened. */
  reveal(stored: Uint8Array, access: Access, out: Sink): Soon<boolean>
}
