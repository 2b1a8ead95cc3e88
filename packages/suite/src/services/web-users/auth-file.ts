import { openCell, sealCell } from '@acra-ts/crypto'
import { nodePrimitives } from '@acra-ts/crypto/node'
import { AcraError } from '../../foundation/index.ts'
import { type Keystore, wipeKeys } from '../../keystore/index.ts'

const ref = { purpose: 'authentication', owner: null } as const
const NO_CONTEXT = new Uint8Array(0)

export class AuthFileError extends AcraError<'auth-key-missing' | 'auth-file-not-opened'> {}

/** The list of users in a file that is a Secure Cell under the authentication key: every version of it is tried. Throws AuthFileError. */
export async function openAuthFile(file: Uint8Array, keystore: Keystore): Promise<string> {
  // No cell holds nothing: a file without users is an empty one.
  if (file.length === 0) return ''
  const keys = await keystore.keys(ref)
  try {
    if (keys.length === 0) throw noKey()
    for (const { secret } of keys) {
      const text = openWith(secret, file)
      if (text !== null) return text
    }
  } finally {
    wipeKeys(keys)
  }
  throw new AuthFileError(
    'auth-file-not-opened',
    'the file of users does not open with the authentication key: it is damaged, or was sealed with another key',
  )
}

/** The file of a list of users, sealed with the newest version of the key. Throws AuthFileError. */
export async function sealAuthFile(text: string, keystore: Keystore): Promise<Buffer> {
  if (text === '') return Buffer.alloc(0)
  const keys = await keystore.keys(ref)
  try {
    const [newest] = keys
    if (newest === undefined) throw noKey()
    return Buffer.from(sealCell(nodePrimitives, newest.secret, Buffer.from(text), NO_CONTEXT))
  } finally {
    wipeKeys(keys)
  }
}

function openWith(key: Uint8Array, file: Uint8Array): string | null {
  try {
    return Buffer.from(openCell(nodePrimitives, key, file, NO_CONTEXT)).toString('utf8')
  } catch (error) {
    if (error instanceof AcraError && error.code === 'cell-not-opened') return null
    throw error
  }
}

function noKey(): AuthFileError {
  return new AuthFileError(
    'auth-key-missing',
    'the keystore has no authentication key: run acra-keymaker --generate_acrawebconfig_keys',
  )
}
