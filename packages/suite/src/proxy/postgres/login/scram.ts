import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { AcraError } from '../../../foundation/index.ts'
import { saslPrep } from './sasl-prep.ts'

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL speaks it, both sides. Channel binding is `tls-server-end-point` (RFC 5929).
 */
const derive = promisify(pbkdf2)

const HASH = 'sha256'
const HASH_SIZE = 32
/** More would let a server, or a file, keep us busy for minutes. */
const ITERATIONS_MAX = 1_000_000
const NONCE_SIZE_MAX = 1024

/** A message of the exchange that breaks the standard, or a proof that is wrong. It never says which of both sides knew what. */
export class ScramError extends AcraError {
  constructor(message: string) {
    super('scram-failed', message)
  }
}

/** What a server keeps of a password: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` in pg_authid. */
export interface ScramSecret {
  readonly iterations: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** What a client proves itself with: made of a password, or taken from the proof of another client. */
export interface ScramKeys {
  readonly clientKey: Buffer
  readonly serverKey: Buffer
}

/** The secret that a text of pg_authid's form says; null where it is not of that form. */
export function parseScramSecret(text: string): ScramSecret | null {
  const match =
    /^SCRAM-SHA-256\$(\d{1,7}):([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]+=*)$/.exec(
      text,
    )
  if (match === null) return null
  const [iterations, salt] = [Number(match[1]), Buffer.from(match[2]!, 'base64')]
  const [storedKey, serverKey] = [
    Buffer.from(match[3]!, 'base64'),
    Buffer.from(match[4]!, 'base64'),
  ]
  const fits =
    iterations > 0 &&
    iterations <= ITERATIONS_MAX &&
    storedKey.length === HASH_SIZE &&
    serverKey.length === HASH_SIZE
  return fits ? { iterations, salt, storedKey, serverKey } : null
}

/** The keys of a password for one salt. */
export async function keysOfPassword(
  password: string,
  salt: Buffer,
  iterations: number,
): Promise<ScramKeys> {
  if (iterations < 1 || iterations > ITERATIONS_MAX) {
    throw new ScramError('an iteration count that is out of bounds')
  }
  const salted = await derive(saslPrep(password), salt, iterations, HASH_SIZE, HASH)
  const keys = { clientKey: hmac(salted, 'Client Key'), serverKey: hmac(salted, 'Server Key') }
  salted.fill(0)
  return keys
}

/** The secret that a server would keep of the password. */
export async function secretOfPassword(
  password: string,
  salt: Buffer,
  iterations: number,
): Promise<ScramSecret> {
  const { clientKey, serverKey } = await keysOfPassword(password, salt, iterations)
  const storedKey = hash(clientKey)
  clientKey.fill(0)
  return { iterations, salt, storedKey, serverKey }
}

/** Which channel binding a client-first message asks for. */
export type ChannelBindingFlag =
  /** The client does not support it. */
  | 'n'
  /** The client supports it and thinks that the server does not. */
  | 'y'
  /** The client uses it: `tls-server-end-point`. */
  | 'p'

interface ClientFirst {
  readonly flag: ChannelBindingFlag
  readonly gs2Header: string
  readonly bare: string
  readonly nonce: string
}

/** The channel-binding flag of a client-first message. Throws ScramError where it is none. */
export function channelBindingFlag(clientFirst: string): ChannelBindingFlag {
  return parseClientFirst(clientFirst).flag
}

/** The server's side of one exchange. */
export class ScramServer {
  readonly #secret: ScramSecret
  readonly #endPoint: Buffer | null
  readonly #nonce: string
  #first: ClientFirst | null = null
  #serverFirst = ''

  /**
   * `endPoint` is the hash of the certificate that the client sees, null where PLUS was not offered; `nonce` are random printable
   * characters without a comma.
   */
  constructor(secret: ScramSecret, endPoint: Buffer | null, nonce: string) {
    this.#secret = secret
    this.#endPoint = endPoint
    this.#nonce = nonce
  }

  /** Answers the client-first message of mechanism `SCRAM-SHA-256` or `SCRAM-SHA-256-PLUS`. Throws ScramError. */
  first(mechanism: string, message: string): string {
    const first = parseClientFirst(message)
    const usesBinding = mechanism === 'SCRAM-SHA-256-PLUS'
    if (usesBinding !== (first.flag === 'p')) {
      throw new ScramError('a channel binding that does not go with the mechanism')
    }
    if (usesBinding && this.#endPoint === null)
      throw new ScramError('a mechanism that was not offered')
    // RFC 5802, section 6: somebody has taken our offer out of the list.
    if (first.flag === 'y' && this.#endPoint !== null) {
      throw new ScramError('a client that was not told of channel binding')
    }
    this.#first = first
    const { iterations, salt } = this.#secret
    this.#serverFirst = `r=${first.nonce}${this.#nonce},s=${salt.toString('base64')},i=${iterations}`
    return this.#serverFirst
  }

  /** Checks the client-final message; the server-final message and the keys that the client has shown to have. Throws ScramError. */
  final(message: string): { serverFinal: string; keys: ScramKeys } {
    const first = this.#first
    if (first === null) throw new ScramError('a last message before the first')
    const { binding, nonce, proof, withoutProof } = parseClientFinal(message)
    const expected = Buffer.concat([
      Buffer.from(first.gs2Header),
      first.flag === 'p' ? this.#endPoint! : Buffer.alloc(0),
    ])
    const { storedKey, serverKey } = this.#secret
    const authMessage = `${first.bare},${this.#serverFirst},${withoutProof}`
    const clientKey = xor(proof, hmac(storedKey, authMessage))
    const isRight =
      equal(hash(clientKey), storedKey) &&
      equal(binding, expected) &&
      nonce === `${first.nonce}${this.#nonce}`
    if (!isRight) throw new ScramError('a proof that is wrong')
    const signature = hmac(serverKey, authMessage).toString('base64')
    return { serverFinal: `v=${signature}`, keys: { clientKey, serverKey } }
  }
}

/** The client's side of one exchange. */
export class ScramClient {
  readonly #keysFor: (salt: Buffer, iterations: number) => Promise<ScramKeys>
  readonly #gs2Header: string
  readonly #endPoint: Buffer
  readonly #nonce: string
  #signature: Buffer = Buffer.alloc(0)

  /** `endPoint` is the hash of the server's certificate: then the mechanism is PLUS. */
  constructor(
    keysFor: (salt: Buffer, iterations: number) => Promise<ScramKeys>,
    endPoint: Buffer | null,
    nonce: string,
  ) {
    this.#keysFor = keysFor
    this.#gs2Header = endPoint === null ? 'n,,' : 'p=tls-server-end-point,,'
    this.#endPoint = endPoint ?? Buffer.alloc(0)
    this.#nonce = nonce
  }

  get first(): string {
    return `${this.#gs2Header}${this.#bare}`
  }

  /** Answers the server-first message. Throws ScramError. */
  async final(serverFirst: string): Promise<string> {
    const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+=*),i=(\d{1,7})$/.exec(serverFirst)
    if (match === null) throw new ScramError('a first message of the server that cannot be read')
    const [, nonce = '', salt = '', iterations = ''] = match
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw new ScramError('a server that does not take up our nonce')
    }
    const keys = await this.#keysFor(Buffer.from(salt, 'base64'), Number(iterations))
    const binding = Buffer.concat([Buffer.from(this.#gs2Header), this.#endPoint])
    const withoutProof = `c=${binding.toString('base64')},r=${nonce}`
    const authMessage = `${this.#bare},${serverFirst},${withoutProof}`
    const proof = xor(keys.clientKey, hmac(hash(keys.clientKey), authMessage))
    this.#signature = hmac(keys.serverKey, authMessage)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Checks that the server knows the secret too. Throws ScramError. */
  verify(serverFinal: string): void {
    const match = /^v=([A-Za-z0-9+/]+=*)$/.exec(serverFinal)
    const signature = Buffer.from(match?.[1] ?? '', 'base64')
    if (!equal(signature, this.#signature))
      throw new ScramError('a server that does not know the secret')
  }

  /** PostgreSQL takes the user from the start-up packet and ignores the one here. */
  get #bare(): string {
    return `n=,r=${this.#nonce}`
  }
}

function parseClientFirst(message: string): ClientFirst {
  const match =
    /^((n|y|p=tls-server-end-point),(?:a=[^,]*)?,)(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+))$/.exec(
      message,
    )
  if (match === null || match[4]!.length > NONCE_SIZE_MAX) {
    throw new ScramError('a first message of the client that cannot be read')
  }
  const [, gs2Header = '', flag = '', bare = '', nonce = ''] = match
  return { flag: flag[0] as ChannelBindingFlag, gs2Header, bare, nonce } // The pattern has no other letter.
}

function parseClientFinal(message: string) {
  const match = /^(c=([A-Za-z0-9+/]+=*),r=([\x21-\x2b\x2d-\x7e]+)),p=([A-Za-z0-9+/]+=*)$/.exec(
    message,
  )
  const proof = Buffer.from(match?.[4] ?? '', 'base64')
  if (match === null || proof.length !== HASH_SIZE) {
    throw new ScramError('a last message of the client that cannot be read')
  }
  const [, withoutProof = '', binding = '', nonce = ''] = match
  return { withoutProof, binding: Buffer.from(binding, 'base64'), nonce, proof }
}

function hmac(key: Buffer, message: string): Buffer {
  return createHmac(HASH, key).update(message).digest()
}

function hash(bytes: Buffer): Buffer {
  return createHash(HASH).update(bytes).digest()
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]!))
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
