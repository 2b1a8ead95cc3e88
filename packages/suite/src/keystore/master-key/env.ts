import { KeystoreError } from '../errors.ts'
import { MASTER_KEY_SIZE } from './master-key.ts'

/** The variable that holds the master key. */
export const MASTER_KEY_VARIABLE = 'ACRA_MASTER_KEY'

/** Variables of the process by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The master key of keystore v1 from `ACRA_MASTER_KEY`: standard base64, line ends and spaces anywhere, since `base64` wraps its
 * lines. The bytes are the caller's to overwrite. spec: keystore §2.6, cli-tools §2.5
 *
 * @throws KeystoreError `master-key-missing` or `master-key-malformed`
 */
export function masterKeyFromEnvironment(environment: Environment): Buffer {
  const text = environment[MASTER_KEY_VARIABLE]?.replace(/[\r\n ]/g, '')
  if (!text) throw missing()
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw undecodable()
  // Memory that the garbage collector never moves: of small arrays it leaves copies that nobody can overwrite.
  const masterKey = Buffer.from(new ArrayBuffer(Buffer.byteLength(text, 'base64')))
  masterKey.write(text, 'base64')
  if (masterKey.length < MASTER_KEY_SIZE) throw tooShort(masterKey)
  if (masterKey.subarray(0, 14).toString('latin1') === '{"encryption":') throw ofVersion2(masterKey)
  return masterKey
}

function missing(): KeystoreError {
  return new KeystoreError(
    'master-key-missing',
    `master key is empty: ${MASTER_KEY_VARIABLE} environment variable is not set; make a key with acra-keymaker --generate_master_key=FILE and set the variable to the base64 of the file`,
  )
}

function undecodable(): KeystoreError {
  return new KeystoreError(
    'master-key-malformed',
    `failed to decode ${MASTER_KEY_VARIABLE}: it must be the base64 of a master key`,
  )
}

function tooShort(masterKey: Buffer): KeystoreError {
  const size = masterKey.length
  masterKey.fill(0)
  return new KeystoreError(
    'master-key-malformed',
    `master key must have ${MASTER_KEY_SIZE} length in bytes; ${MASTER_KEY_VARIABLE} decodes to ${size}`,
  )
}

function ofVersion2(masterKey: Buffer): KeystoreError {
  masterKey.fill(0)
  return new KeystoreError(
    'master-key-malformed',
    `${MASTER_KEY_VARIABLE} holds the master key of a keystore v2, and this keystore is v1`,
  )
}
