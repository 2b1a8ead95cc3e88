import type { EnvelopeKind } from '@acra-ts/crypto'
import { type Soon, soon } from '../../foundation/index.ts'
import type { Caller } from './caller.ts'
import type { Values } from './values.ts'

/** What all interfaces offer, as bytes: one row for each operation but those on tokens. */
export interface Operation {
  /** The last part of its path in HTTP v2. */
  readonly name: string
  /** Whether nothing at all may be given. */
  readonly takesEmpty: boolean
  /** What a client is told where it fails. */
  readonly failure: string
  /** What it does, for the documentation. */
  readonly summary: string
  run(values: Values, caller: Caller, data: Buffer): Soon<Buffer>
}

const CANNOT_ENCRYPT = "Can't encrypt data"
const CANNOT_DECRYPT = "Can't decrypt data"

const names = { acrastruct: 'AcraStruct', acrablock: 'AcraBlock' } as const

/** The operations of HTTP v2 on bytes. spec: acra-translator §4.3 */
export const operations: readonly Operation[] = [
  encrypt('encrypt', 'acrastruct', true),
  decrypt('decrypt', 'acrastruct'),
  encryptSearchable('encryptSearchable', 'acrastruct'),
  decryptSearchable('decryptSearchable', 'acrastruct'),
  encrypt('encryptSym', 'acrablock', false),
  decrypt('decryptSym', 'acrablock'),
  encryptSearchable('encryptSymSearchable', 'acrablock'),
  decryptSearchable('decryptSymSearchable', 'acrablock'),
  {
    name: 'generateQueryHash',
    takesEmpty: false,
    failure: "Can't calculate hash",
    summary: 'The hash by which a value that is stored searchable is found',
    run: (values, caller, data) => values.hash(caller, data),
  },
]

function encrypt(name: string, kind: EnvelopeKind, takesEmpty: boolean): Operation {
  return {
    name,
    takesEmpty,
    failure: CANNOT_ENCRYPT,
    summary: `Encrypts a value: an ${names[kind]} in its container`,
    run: (values, caller, data) => values.encrypt(kind, caller, data),
  }
}

function decrypt(name: string, kind: EnvelopeKind): Operation {
  return {
    name,
    takesEmpty: true,
    failure: CANNOT_DECRYPT,
    summary: `Decrypts an ${names[kind]}, in its container or bare`,
    run: (values, caller, data) => values.decrypt(kind, caller, data),
  }
}

function encryptSearchable(name: string, kind: EnvelopeKind): Operation {
  return {
    name,
    takesEmpty: false,
    failure: CANNOT_ENCRYPT,
    summary: `Encrypts a value: its search hash, then an ${names[kind]} in its container`,
    run: (values, caller, data) =>
      soon(values.encryptSearchable(kind, caller, data), ({ hash, envelope }) =>
        Buffer.concat([hash, envelope]),
      ),
  }
}

function decryptSearchable(name: string, kind: EnvelopeKind): Operation {
  return {
    name,
    takesEmpty: true,
    failure: CANNOT_DECRYPT,
    summary: `Decrypts a search hash and its ${names[kind]}, which must fit together`,
    run: (values, caller, data) => values.decryptSearchable(kind, caller, data),
  }
}
