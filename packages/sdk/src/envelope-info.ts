/** What can be told of a value without a key: by its form alone, which a stranger may have given it. */
import {
  BLOCK_OVERHEAD,
  type EnvelopeKind,
  encodeContainer,
  identify,
  SEARCH_HASH_SIZE,
  SEARCH_HASH_TAG,
  STRUCT_OVERHEAD,
} from '@acra-ts/crypto'
import { SdkError } from './sdk-error.ts'

/** What `envelopeInfo` tells; sizes are in bytes. */
export interface EnvelopeInfo {
  readonly kind: EnvelopeKind
  /** Whether it stands in the container that AcraServer and AcraTranslator write. */
  readonly contained: boolean
  /** Whether a search hash stands before it. */
  readonly hashed: boolean
  /** Of the AcraStruct or AcraBlock alone. */
  readonly envelopeSize: number
  readonly plaintextSize: number
}

/**
 * What kind of envelope a value is; null where it is none, or something else stands behind it.
 *
 * @example
 * ```ts
 * import { acra, envelopeInfo } from '@acra-ts/sdk'
 *
 * const stored = acra.createAcraBlock('a secret', acra.generateSymmetricKey())
 * console.log(envelopeInfo(stored)?.kind, envelopeInfo(stored)?.plaintextSize) // acrablock 8
 * console.log(envelopeInfo(new TextEncoder().encode('in the clear'))) // null
 * ```
 */
export function envelopeInfo(data: Uint8Array): EnvelopeInfo | null {
  const bare = wholeEnvelope(data)
  const isHashed = bare === null && data[0] === SEARCH_HASH_TAG
  const found = isHashed ? wholeEnvelope(data.subarray(SEARCH_HASH_SIZE)) : bare
  if (found === null) return null
  const { kind, contained, start, end } = found
  const overhead = kind === 'acrablock' ? BLOCK_OVERHEAD : STRUCT_OVERHEAD
  const envelopeSize = end - start
  return {
    kind,
    contained,
    hashed: isHashed,
    envelopeSize,
    plaintextSize: envelopeSize - overhead,
  }
}

/**
 * Whether a value is an AcraStruct and nothing else: without container and search hash.
 *
 * @example
 * ```ts
 * import { acra, isAcraStruct } from '@acra-ts/sdk'
 *
 * console.log(isAcraStruct(acra.createAcraStruct('a secret', acra.generateKeyPair().publicKey))) // true
 * ```
 */
export function isAcraStruct(data: Uint8Array): boolean {
  const found = wholeEnvelope(data)
  return found?.kind === 'acrastruct' && !found.contained
}

/**
 * Whether a value is an AcraBlock and nothing else: without container and search hash.
 *
 * @example
 * ```ts
 * import { acra, isAcraBlock } from '@acra-ts/sdk'
 *
 * console.log(isAcraBlock(acra.createAcraBlock('a secret', acra.generateSymmetricKey()))) // true
 * ```
 */
export function isAcraBlock(data: Uint8Array): boolean {
  const found = wholeEnvelope(data)
  return found?.kind === 'acrablock' && !found.contained
}

/**
 * Whether a value is an envelope in the container that AcraServer and AcraTranslator write.
 *
 * @example
 * ```ts
 * import { acra, isContainer, wrapContainer } from '@acra-ts/sdk'
 *
 * const stored = acra.createAcraBlock('a secret', acra.generateSymmetricKey())
 * console.log(isContainer(stored), isContainer(wrapContainer(stored))) // false true
 * ```
 */
export function isContainer(data: Uint8Array): boolean {
  return wholeEnvelope(data)?.contained === true
}

/**
 * An AcraStruct or AcraBlock in a container, as AcraServer and AcraTranslator write it, 12 bytes larger. Throws SdkError `WRONG_VALUE` where it is
 * neither.
 *
 * @example
 * ```ts
 * import { acra, wrapContainer } from '@acra-ts/sdk'
 *
 * const key = acra.generateSymmetricKey()
 * const contained = wrapContainer(acra.createAcraBlock('a secret', key))
 * console.log(new TextDecoder().decode(acra.decryptAcraBlock(contained, key))) // a secret
 * ```
 */
export function wrapContainer(envelope: Uint8Array): Uint8Array {
  const container = encodeContainer(envelope)
  if (container !== null) return container
  throw new SdkError('WRONG_VALUE', 'only an AcraStruct or an AcraBlock goes into a container')
}

/**
 * The AcraStruct or AcraBlock in a container, a view; null where the value is no container.
 *
 * @example
 * ```ts
 * import { acra, isAcraBlock, unwrapContainer, wrapContainer } from '@acra-ts/sdk'
 *
 * const stored = acra.createAcraBlock('a secret', acra.generateSymmetricKey())
 * console.log(isAcraBlock(unwrapContainer(wrapContainer(stored))!), unwrapContainer(stored)) // true null
 * ```
 */
export function unwrapContainer(data: Uint8Array): Uint8Array | null {
  const found = wholeEnvelope(data)
  return found?.contained === true ? data.subarray(found.start, found.end) : null
}

function wholeEnvelope(data: Uint8Array): ReturnType<typeof identify> {
  const found = identify(data)
  return found?.whole === true ? found : null
}
