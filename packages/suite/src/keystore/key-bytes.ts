import { generateKeyPair, generateSymmetricKey, isPrivateKey, publicKeyOf } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { Key, PurposeFacts } from './key-ref.ts'

const SYMMETRIC_KEY_SIZE = 32

/** A fresh key of this kind. */
export function generateKey(kind: PurposeFacts['kind']): Key {
  if (kind === 'symmetric') return { secret: generateSymmetricKey(nodePrimitives), publicKey: null }
  const { privateKey, publicKey } = generateKeyPair(nodePrimitives)
  return { secret: privateKey, publicKey }
}

/** The key whose secret this is; null where the bytes are not of this kind. The public half is computed. */
export function keyOfSecret(kind: PurposeFacts['kind'], secret: Uint8Array): Key | null {
  if (kind === 'symmetric')
    return secret.length === SYMMETRIC_KEY_SIZE ? { secret, publicKey: null } : null
  if (!isPrivateKey(secret)) return null
  return { secret, publicKey: publicKeyOf(nodePrimitives, secret) }
}
