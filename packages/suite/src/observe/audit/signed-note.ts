import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { AcraError } from '../../foundation/index.ts'

/** The name of the keys that sign checkpoints. */
export const NOTE_KEY_NAME = 'acra-audit-log'

const ED25519 = 1
const KEY_ID_SIZE = 4
const PUBLIC_SIZE = 32
const SIGNATURE_SIZE = 64
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex')
const SIGNATURE_LINE = '\u2014 '

/** A text that is no public key of a note. */
export class NoteKeyError extends AcraError<'audit-public-key-invalid'> {
  constructor(message: string) {
    super('audit-public-key-invalid', message)
  }
}

/**
 * What anybody can check a note with. As text: `name+id+base64`, the form of c2sp.org/signed-note: eight hex digits of id, and
 * behind the 1 of Ed25519 the 32 bytes of the key.
 */
export class NoteVerifier {
  readonly name: string
  readonly #public: Buffer
  readonly #id: Buffer
  readonly #key: KeyObject

  private constructor(name: string, publicKey: Buffer) {
    this.name = name
    this.#public = publicKey
    this.#id = keyId(name, publicKey)
    const der = Buffer.concat([PUBLIC_DER, publicKey])
    this.#key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  }

  /** Throws NoteKeyError. */
  static parse(text: string): NoteVerifier {
    const [, name = '', id, base64 = ''] =
      /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? []
    const bytes = Buffer.from(base64, 'base64')
    if (bytes.length !== 1 + PUBLIC_SIZE || bytes[0] !== ED25519)
      throw new NoteKeyError(
        'this is no public key of audit checkpoints: it looks like name+id+base64, for Ed25519',
      )
    const verifier = new NoteVerifier(name, bytes.subarray(1))
    if (verifier.#id.toString('hex') !== id)
      throw new NoteKeyError('the id of the public key does not fit the key: a letter is wrong')
    return verifier
  }

  /** The public half of a signing key of 32 bytes. */
  static ofSeed(seed: Uint8Array, name: string = NOTE_KEY_NAME): NoteVerifier {
    const der = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' })
    return new NoteVerifier(name, der.subarray(-PUBLIC_SIZE))
  }

  /** Whether the note is signed by this key. */
  verifies({ text, signatures }: Note): boolean {
    const own = signatures.filter(({ name, keyId }) => name === this.name && keyId.equals(this.#id))
    // A signature in our name that does not fit makes a note bad, whatever else stands beside it.
    return (
      own.length > 0 && own.every(({ bytes }) => verify(null, Buffer.from(text), this.#key, bytes))
    )
  }

  toString(): string {
    const bytes = Buffer.concat([Buffer.of(ED25519), this.#public])
    return `${this.name}+${this.#id.toString('hex')}+${bytes.toString('base64')}`
  }
}

/** Signs notes. */
export class NoteSigner {
  readonly verifier: NoteVerifier
  readonly #key: KeyObject
  readonly #id: Buffer

  /** `seed`: the 32 bytes of an Ed25519 private key (RFC 8032 §5.1.5). */
  constructor(seed: Uint8Array, name: string = NOTE_KEY_NAME) {
    this.#key = privateKey(seed)
    this.verifier = NoteVerifier.ofSeed(seed, name)
    this.#id = Buffer.from(this.verifier.toString().split('+')[1]!, 'hex')
  }

  /** The note of a text that ends with a newline and has no empty line. */
  sign(text: string): string {
    const bytes = Buffer.concat([this.#id, sign(null, Buffer.from(text), this.#key)])
    return `${text}\n${SIGNATURE_LINE}${this.verifier.name} ${bytes.toString('base64')}\n`
  }
}

/** A signed text (c2sp.org/signed-note). */
export interface Note {
  /** With its last newline. */
  readonly text: string
  readonly signatures: readonly {
    readonly name: string
    readonly keyId: Buffer
    readonly bytes: Buffer
  }[]
}

/** Takes a note apart; null where it is none. Its signatures are not checked. */
export function parseNote(note: string): Note | null {
  const at = note.lastIndexOf('\n\n')
  if (at < 1 || !note.endsWith('\n')) return null
  const signatures = note
    .slice(at + 2, -1)
    .split('\n')
    .map(signatureOf)
  const known = signatures.filter((signature) => signature !== null)
  if (known.length !== signatures.length) return null
  return { text: note.slice(0, at + 1), signatures: known }
}

function signatureOf(line: string): Note['signatures'][number] | null {
  const [, name, base64] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
  if (name === undefined || base64 === undefined) return null
  const bytes = Buffer.from(base64, 'base64')
  // Of other kinds of signature the length is not known: those of witnesses may stand beside ours.
  if (bytes.length < KEY_ID_SIZE + SIGNATURE_SIZE) return null
  return { name, keyId: bytes.subarray(0, KEY_ID_SIZE), bytes: bytes.subarray(KEY_ID_SIZE) }
}

function privateKey(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([PRIVATE_DER, seed])
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

/** spec: c2sp.org/signed-note, "Key ID" */
function keyId(name: string, publicKey: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey])
  return hash('sha256', bytes, 'buffer').subarray(0, KEY_ID_SIZE)
}
