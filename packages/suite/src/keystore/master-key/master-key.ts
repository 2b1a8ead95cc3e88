import { CellError, openCell, sealCell } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Soon } from '../../foundation/index.ts'
import { KeystoreError } from '../errors.ts'

/** Wraps the keys of a store. The master key does it, or a service that holds a key for every client. */
export interface KeyWrapper {
  wrap(key: Uint8Array, context: string): Soon<Uint8Array>
  /** The key, for the caller to overwrite; null where it was not wrapped by this wrapper under this context, or is damaged. */
  unwrap(wrapped: Uint8Array, context: string): Soon<Uint8Array | null>
  /** Overwrites what is held. Nothing can be wrapped or unwrapped afterwards. */
  wipe(): void
}

/** Size of a master key that is generated, and the least that is accepted, in bytes. */
export const MASTER_KEY_SIZE = 32

/** A fresh master key of keystore v1: 32 random bytes. spec: keystore §2.6 */
export function generateMasterKey(): Uint8Array {
  return nodePrimitives.random(MASTER_KEY_SIZE)
}

/**
 * The wrapper of a master key of keystore v1: Secure Cells in Seal mode. A longer key is used whole. Takes the bytes over and overwrites them
 * in `wipe`. Throws KeystoreError `master-key-malformed` where they are too few.
 */
export function masterKeyWrapper(masterKey: Uint8Array): KeyWrapper {
  if (masterKey.length < MASTER_KEY_SIZE)
    throw new KeystoreError(
      'master-key-malformed',
      `master key must have ${MASTER_KEY_SIZE} length in bytes`,
    )
  let wiped = false
  const checkUsable = () => {
    if (wiped) throw new Error('a wiped master key was used')
  }
  return {
    wrap(key, context) {
      checkUsable()
      return sealCell(nodePrimitives, masterKey, key, Buffer.from(context))
    },
    unwrap(wrapped, context) {
      checkUsable()
      return openCellOrNull(masterKey, wrapped, context)
    },
    wipe() {
      wiped = true
      masterKey.fill(0)
    },
  }
}

function openCellOrNull(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array | null {
  try {
    return openCell(nodePrimitives, key, sealed, Buffer.from(context))
  } catch (error) {
    if (error instanceof CellError && error.code === 'cell-not-opened') return null
    throw error
  }
}
