import type { Soon } from '../foundation/index.ts'
import type { Key, KeyRef } from '../keystore/index.ts'

/** Prepared keys by name. */
export interface KeysInUse {
  readonly source: (ref: KeyRef) => Soon<readonly Key[]>
}
