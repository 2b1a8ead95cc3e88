import { nodePrimitives } from '@acra-ts/crypto/node'
import { KeystoreError } from '../errors.ts'
import type { KeyWrapper, StoreVersion } from './key-wrapper.ts'
import {
  MASTER_KEY_SIZE,
  type MasterKeyPair,
  masterKeyPairWrapper,
  masterKeyWrapper,
} from './software.ts'

/** How the JSON of the two keys of a keystore v2 begins. */
const VERSION_2_START = '{"encryption":'
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * A fresh master key as it stands in a file: 32 random bytes for a keystore v1, the JSON of two keys for a keystore v2. For the caller to
 * overwrite. spec: keystore §2.6, §3.5
 */
export function generateMasterKey(version: StoreVersion): Uint8Array {
  if (version === 'v1') return nodePrimitives.random(MASTER_KEY_SIZE)
  const [encryption, signature] = [1, 2].map(() => nodePrimitives.random(MASTER_KEY_SIZE))
  const text = (key: Uint8Array) => Buffer.from(key).toString('base64')
  const json = `{"encryption":"${text(encryption!)}","signature":"${text(signature!)}"}`
  return bytesOf(json, 'latin1')
}

/**
 * The bytes of a base64 text; line ends and spaces may stand anywhere, since `base64` wraps its lines. Null where it is none. For the caller
 * to overwrite.
 */
export function decodeBase64(text: string): Buffer | null {
  const joined = text.replace(/[\r\n ]/g, '')
  if (joined.length % 4 !== 0 || !BASE64.test(joined)) return null
  return bytesOf(joined, 'base64')
}

/**
 * The wrapper of a master key as it stands in a file; takes the bytes over. `place` is where they come from, for the message.
 *
 * @throws KeystoreError `master-key-malformed`, and the bytes are overwritten
 */
export function wrapperOfContent(
  content: Buffer,
  version: StoreVersion,
  place: string,
): KeyWrapper {
  try {
    return version === 'v1' ? ofVersion1(content, place) : ofVersion2(content, place)
  } catch (error) {
    content.fill(0)
    throw error
  }
}

function ofVersion1(content: Buffer, place: string): KeyWrapper {
  const { length } = content
  if (length < MASTER_KEY_SIZE)
    throw malformed(
      `master key must have ${MASTER_KEY_SIZE} length in bytes; ${place} holds ${length}`,
    )
  if (content.subarray(0, VERSION_2_START.length).toString('latin1') === VERSION_2_START)
    throw malformed(`${place} holds the master key of a keystore v2, and this keystore is v1`)
  return masterKeyWrapper(content)
}

function ofVersion2(content: Buffer, place: string): KeyWrapper {
  const pair = readKeyPair(content)
  if (pair === null)
    throw malformed(`${place} does not hold the two master keys of a keystore v2; ${REMEDY}`)
  content.fill(0)
  return masterKeyPairWrapper(pair)
}

/** The two keys in the JSON that `generateMasterKey` makes for a keystore v2; null where it is none. */
export function readKeyPair(content: Buffer): MasterKeyPair | null {
  const fields = parsed(content)
  const [encryption, signature] = [fields?.encryption, fields?.signature].map((text) =>
    typeof text === 'string' ? decodeBase64(text) : null,
  )
  return encryption && signature ? { encryption, signature } : null
}

const REMEDY = 'make them with acra-keymaker --keystore=v2 --generate_master_key=FILE'

function parsed(content: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    // What is wrong with the text would be told with a piece of it.
    return null
  }
}

/** In memory that the garbage collector never moves: of small arrays it leaves copies that nobody can overwrite. */
function bytesOf(text: string, encoding: 'base64' | 'latin1'): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(Buffer.byteLength(text, encoding)))
  bytes.write(text, encoding)
  return bytes
}

function malformed(message: string): KeystoreError {
  return new KeystoreError('master-key-malformed', message)
}
