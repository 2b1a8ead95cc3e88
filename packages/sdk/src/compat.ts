/** The names of the `acrawriter` package for Node, so that what was written for it changes its import alone. In Node. */
import type { Data } from './bytes.ts'
import { acra } from './node.ts'

/**
 * An AcraStruct of the value for the owner of the public key (the content of `CLIENT_storage.pub`); `context` is the id of a zone. Throws SdkError
 * `EMPTY_DATA` or `WRONG_PUBLIC_KEY`.
 *
 * @example
 * ```ts
 * import { create_acrastruct } from '@acra-ts/sdk/compat'
 * import { acra } from '@acra-ts/sdk/node'
 *
 * const { publicKey } = acra.generateKeyPair() // readFileSync('CLIENT_storage.pub')
 * console.log(create_acrastruct('a secret', publicKey).length) // 197
 * ```
 */
export function create_acrastruct(
  data: Data,
  acra_public_key: Uint8Array,
  context?: Data | null,
): Buffer {
  const struct = acra.createAcraStruct(data, acra_public_key, { context: context ?? '' })
  return Buffer.from(struct.buffer, struct.byteOffset, struct.length)
}

/**
 * The same by the name that the original's examples call.
 *
 * @example
 * ```ts
 * import { create_acra_struct } from '@acra-ts/sdk/compat'
 * import { acra } from '@acra-ts/sdk/node'
 *
 * console.log(create_acra_struct('a secret', acra.generateKeyPair().publicKey).length) // 197
 * ```
 */
export function create_acra_struct(
  ...args: Parameters<typeof create_acrastruct>
): ReturnType<typeof create_acrastruct> {
  return create_acrastruct(...args)
}
