import { isIP, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { type Revocation, RevocationError } from '../revocation/index.ts'
import { tlsContext } from './context.ts'
import type { Credentials } from './files.ts'
import { type PeerCheck, peerCheck } from './peer-check.ts'
import { TlsError } from './tls-error.ts'
import { tlsFailure } from './tls-failure.ts'

/** How far a server's certificate is checked. */
export type Verification = 'none' | 'chain' | 'full'

export interface TlsClientSettings {
  /** What we show where the server asks for a certificate; null for none. */
  readonly credentials: Credentials | null
  /** Who may vouch for servers: certificates in PEM. */
  readonly authorities: readonly string[]
  /** The name, or the IP address, that the server's certificate must bear; a name is also asked for (SNI). */
  readonly serverName: string
  /** The protocol to name (ALPN); null for none. */
  readonly protocol: string | null
  /** Asked about certificates whose chain is verified; null where nobody is asked. */
  readonly revocation: Revocation | null
}

/** The TLS client's half, for sockets that are connected already. */
export class TlsClient {
  readonly #settings: TlsClientSettings
  readonly #context: SecureContext
  readonly #check: PeerCheck | null

  /** Throws where OpenSSL does not take the certificates. */
  constructor(settings: TlsClientSettings) {
    this.#settings = settings
    this.#context = tlsContext(settings.credentials, settings.authorities)
    const { revocation, authorities } = settings
    this.#check = revocation && peerCheck(revocation, authorities)
  }

  /**
   * Does the handshake on a socket that nobody reads. The socket that is resolved stands for the connection then, and must be given
   * an `error` listener at once. Rejects with TlsError (`tls-connect-failed`); the socket is destroyed then.
   */
  connect(socket: Socket, verification: Verification, timeoutMs: number): Promise<TLSSocket> {
    const { serverName, protocol } = this.#settings
    const secured = connect({
      socket,
      secureContext: this.#context,
      // An address is no name to ask for.
      servername: isIP(serverName) === 0 ? serverName : '',
      ...(protocol === null ? {} : { ALPNProtocols: [protocol] }),
      rejectUnauthorized: verification !== 'none',
      checkServerIdentity: (_, certificate) =>
        verification === 'full' ? nameError(serverName, certificate) : undefined,
    })
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown) => {
        clearTimeout(timer)
        secured
          .off('error', fail)
          .off('close', leave)
          .on('error', () => {})
        secured.destroy()
        reject(error)
      }
      const fail = (error: Error | null) => refuse(tlsFailure(error, 'connect'))
      const leave = () => fail(null)
      const timer = setTimeout(() => {
        fail(new Error(`no answer within ${timeoutMs} ms`))
      }, timeoutMs)
      secured.on('error', fail)
      secured.once('close', leave)
      secured.once('secureConnect', () => {
        this.#checkRevocation(secured, verification).then(() => {
          clearTimeout(timer)
          secured.off('error', fail).off('close', leave)
          resolve(secured)
        }, refuse)
      })
    })
  }

  async #checkRevocation(secured: TLSSocket, verification: Verification): Promise<void> {
    if (this.#check === null || verification === 'none') return
    try {
      await this.#check(secured.getPeerCertificate(true))
    } catch (cause) {
      if (!(cause instanceof RevocationError)) throw cause
      const text = `TLS with the server failed: ${cause.message}`
      throw new TlsError('tls-connect-failed', text, cause.hint, { cause })
    }
  }
}

/** Names of a certificate that are told at most, in characters. */
const NAMES_LENGTH_MAX = 200

/** Undefined where the certificate bears the name; else Node's error with both names, which the operator has to compare. */
function nameError(serverName: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(serverName, certificate)
  if (error === undefined) return undefined
  const names = certificate.subjectaltname ?? `CN:${String(certificate.subject.CN)}`
  const reason = `${names.slice(0, NAMES_LENGTH_MAX)} instead of ${serverName}`
  return Object.assign(error, { reason })
}
