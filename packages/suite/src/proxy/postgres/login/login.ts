import { randomBytes } from 'node:crypto'
import { BufferSink, type Soon } from '../../../foundation/index.ts'
import { type Outlet, ProtocolError } from '../../../wire/index.ts'
import {
  AuthenticationRequest,
  decodeAuthentication,
  decodeSaslData,
  decodeSaslInitialResponse,
  decodeSaslMechanisms,
  decodeSaslResponse,
  encodeSaslData,
  encodeSaslInitialResponse,
  encodeSaslMechanisms,
  encodeSaslResponse,
} from '../../../wire/postgres/index.ts'
import type { Credential } from './auth-file.ts'
import { otherSecret, passwordWrong, unbindable } from './refusals.ts'
import {
  channelBindingFlag,
  keysOfPassword,
  ScramClient,
  ScramError,
  type ScramKeys,
  type ScramSecret,
  ScramServer,
  secretOfPassword,
} from './scram.ts'

/** The largest message of a login, in bytes: more than PostgreSQL takes (65,535 without the header). */
export const LOGIN_SIZE_MAX = 65_540

const PLUS = 'SCRAM-SHA-256-PLUS'
const PLAIN = 'SCRAM-SHA-256'
const NONCE_SIZE = 18
const SALT_SIZE = 16
/** PostgreSQL's own. */
const ITERATIONS = 4096

/** What is known of a connection whose database side has TLS. */
export interface LoginParts {
  readonly user: string
  /** What the auth file knows of the user; null where it knows nothing, or there is none. */
  readonly credential: Credential | null
  /** What the client can bind to (`tls-server-end-point`); null where there is nothing. */
  readonly clientEndPoint: Buffer | null
  /** The same of the certificate that the database has shown to us. */
  readonly databaseEndPoint: Buffer | null
  readonly toClient: Outlet
  readonly toDatabase: Outlet
}

/** Who has the next word of a login that we end with the client ourselves. */
type Step =
  /** Nobody of ours: all passes. */
  | { readonly kind: 'passing' }
  /** The client has been offered mechanisms without channel binding. */
  | { readonly kind: 'offered' }
  | { readonly kind: 'client-first'; readonly secret: ScramSecret | null }
  | { readonly kind: 'client-final'; readonly server: ScramServer }
  | {
      readonly kind: 'database'
      readonly client: ScramClient
      /** What the client is told once the database has let us in. */
      readonly serverFinal: string
    }

/**
 * Logging in where the database side has TLS. Which channel a client binds to is under its proof, so that a proxy can only: let the
 * exchange pass where both sides see the same certificate; or end it, and log in to the database with the key that the proof has
 * shown (the auth file); or keep channel binding out of it, which works with clients that do not use it, and is explained to those
 * that do. Everything but SCRAM passes. docs/guide/tls.md
 */
export class Login {
  readonly #parts: LoginParts
  readonly #seesSameCertificate: boolean
  #databaseBinds = false
  #step: Step = { kind: 'passing' }

  constructor(parts: LoginParts) {
    this.#parts = parts
    const { clientEndPoint, databaseEndPoint } = parts
    this.#seesSameCertificate =
      clientEndPoint !== null && databaseEndPoint?.equals(clientEndPoint) === true
  }

  /** An Authentication message of the database. True where something was put in its place. Throws ConnectionRefused. */
  fromDatabase(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const request = decodeAuthentication(bytes, start, end)
    if (request === AuthenticationRequest.sasl) {
      return this.#offer(decodeSaslMechanisms(bytes, start, end))
    }
    if (this.#step.kind !== 'database') return false
    const { client, serverFinal } = this.#step
    if (request === AuthenticationRequest.saslContinue) {
      return this.#answer(client, decodeSaslData(bytes, start, end))
    }
    if (request !== AuthenticationRequest.saslFinal) return false
    client.verify(decodeSaslData(bytes, start, end))
    this.#step = { kind: 'passing' }
    return this.#toClient((sink) =>
      encodeSaslData(AuthenticationRequest.saslFinal, serverFinal, sink),
    )
  }

  /** A password message of the client. True where something was put in its place. Throws ConnectionRefused. */
  fromClient(bytes: Buffer, start: number, end: number): Soon<boolean> {
    const step = this.#step
    switch (step.kind) {
      case 'passing':
        return false
      case 'offered': {
        const { data } = decodeSaslInitialResponse(bytes, start, end)
        if (usesBinding(data)) throw unbindable()
        this.#step = { kind: 'passing' }
        return false
      }
      case 'client-first': {
        const { mechanism, data } = decodeSaslInitialResponse(bytes, start, end)
        return this.#begin(step.secret, mechanism, data)
      }
      case 'client-final':
        return this.#prove(step.server, decodeSaslResponse(bytes, start, end))
      case 'database':
        throw new ProtocolError('a word of the client while the database is asked')
    }
  }

  /** What of the database's offer the client gets to see. */
  #offer(mechanisms: readonly string[]): boolean {
    this.#databaseBinds = mechanisms.includes(PLUS)
    if (this.#seesSameCertificate || !this.#databaseBinds) return false
    const { clientEndPoint, credential } = this.#parts
    if (credential === null || credential.kind === 'md5') {
      this.#step = { kind: 'offered' }
      const others = mechanisms.filter((name) => name !== PLUS)
      return this.#toClient((sink) => encodeSaslMechanisms(others, sink))
    }
    this.#step = {
      kind: 'client-first',
      secret: credential.kind === 'scram' ? credential.secret : null,
    }
    const offer = clientEndPoint === null ? [PLAIN] : [PLUS, PLAIN]
    return this.#toClient((sink) => encodeSaslMechanisms(offer, sink))
  }

  async #begin(kept: ScramSecret | null, mechanism: string, data: string): Promise<boolean> {
    const secret =
      kept ?? (await secretOfPassword(this.#password, randomBytes(SALT_SIZE), ITERATIONS))
    const server = new ScramServer(secret, this.#parts.clientEndPoint, nonce())
    const first = this.#checked(() => server.first(mechanism, data))
    this.#step = { kind: 'client-final', server }
    return this.#toClient((sink) => encodeSaslData(AuthenticationRequest.saslContinue, first, sink))
  }

  /** The client has shown to know the password: so do we, to the database. */
  #prove(server: ScramServer, data: string): boolean {
    const { serverFinal, keys } = this.#checked(() => server.final(data))
    const endPoint = this.#parts.databaseEndPoint
    const keysFor = (salt: Buffer, iterations: number) => this.#keys(keys, salt, iterations)
    const client = new ScramClient(keysFor, endPoint, nonce())
    this.#step = { kind: 'database', client, serverFinal }
    const mechanism = endPoint === null ? PLAIN : PLUS
    return this.#toDatabase((sink) =>
      encodeSaslInitialResponse({ mechanism, data: client.first }, sink),
    )
  }

  /** A password fits whatever salt the database has; what a proof has shown fits the salt of the file's secret alone. */
  async #keys(shown: ScramKeys, salt: Buffer, iterations: number): Promise<ScramKeys> {
    const { credential, user } = this.#parts
    if (credential?.kind !== 'scram') return keysOfPassword(this.#password, salt, iterations)
    const { secret } = credential
    if (secret.iterations !== iterations || !secret.salt.equals(salt)) throw otherSecret(user)
    return shown
  }

  async #answer(client: ScramClient, serverFirst: string): Promise<boolean> {
    const final = await client.final(serverFirst)
    return this.#toDatabase((sink) => encodeSaslResponse(final, sink))
  }

  get #password(): string {
    const { credential } = this.#parts
    if (credential?.kind !== 'password') throw new TypeError('a credential without a password')
    return credential.password
  }

  #checked<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      if (error instanceof ScramError) throw passwordWrong(this.#parts.user, error)
      throw error
    }
  }

  #toClient(write: (sink: BufferSink) => void): true {
    return put(this.#parts.toClient, write)
  }

  #toDatabase(write: (sink: BufferSink) => void): true {
    return put(this.#parts.toDatabase, write)
  }
}

function put(outlet: Outlet, write: (sink: BufferSink) => void): true {
  const sink = new BufferSink()
  write(sink)
  outlet.put(sink.take())
  outlet.flush()
  return true
}

/** `y` too: such a client would use it, and takes its absence for somebody's doing. What cannot be read is the database's to refuse. */
function usesBinding(clientFirst: string): boolean {
  try {
    return channelBindingFlag(clientFirst) !== 'n'
  } catch (error) {
    if (error instanceof ScramError) return false
    throw error
  }
}

function nonce(): string {
  return randomBytes(NONCE_SIZE).toString('base64')
}
