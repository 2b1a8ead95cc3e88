import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import {
  checkClientCertificate,
  clientIdOfCertificate,
  type IdentifierExtractor,
  IdentityError,
  serverEndPoint,
} from '../identity/index.ts'
import { type Revocation, RevocationError } from '../revocation/index.ts'
import type { ClientPolicy } from './client-policy.ts'
import { tlsContext } from './context.ts'
import type { Credentials } from './files.ts'
import { PeerChains, peerCertificate } from './peer-chain.ts'
import { chainError, onHandshake } from './server-socket.ts'
import { TlsError } from './tls-error.ts'
import { chainRefusal, tlsFailure } from './tls-failure.ts'

export interface TlsServerSettings {
  readonly credentials: Credentials
  /** Who may vouch for clients: certificates in PEM. */
  readonly authorities: readonly string[]
  readonly policy: ClientPolicy
  /** What of a client's certificate makes its client id; null where it makes none. */
  readonly extractor: IdentifierExtractor | null
  /** Of what clients that name protocols (ALPN) must name one, the best first; empty where they may name what they like. */
  readonly protocols: readonly string[]
  /** Asked about certificates whose chain was verified; null where nobody is asked. */
  readonly revocation: Revocation | null
}

/** A client whose handshake has succeeded and whose certificate is good enough. */
export interface TlsClientInfo {
  /** Of its certificate; null where certificates make no client ids. */
  readonly clientId: string | null
  /** Of the certificate that the client saw (`tls-server-end-point`); null where nobody can bind to it. */
  readonly endPoint: Buffer | null
  /** The protocol that the client has named too; null where it has named none. */
  readonly protocol: string | null
}

/** A connection on its way into TLS. */
export interface Accepted {
  /** Stands for the connection from now on. Nothing may be read of it before `client` is settled. */
  readonly socket: TLSSocket
  /**
   * Resolves when the client may go on. Rejects with a TlsError: `tls-accept-failed` where there is no TLS to speak over, and
   * `tls-client-refused` where there is, but the certificate will not do.
   */
  readonly client: Promise<TlsClientInfo>
}

/** The TLS server's half, for sockets that have been accepted already. It has no time limit of its own. */
export class TlsServer {
  readonly #settings: TlsServerSettings
  readonly #context: SecureContext
  readonly #endPoint: Buffer | null
  readonly #chains: PeerChains

  /** Throws TlsError where OpenSSL does not take the certificates. */
  constructor(settings: TlsServerSettings) {
    this.#settings = settings
    this.#context = tlsContext(settings.credentials, settings.authorities)
    this.#chains = new PeerChains(settings.authorities)
    this.#endPoint = serverEndPoint(new X509Certificate(settings.credentials.certificate).raw)
  }

  /**
   * Begins the handshake on a socket that nobody reads any more. `first` is what was read of it already and belongs to the
   * handshake.
   */
  accept(socket: Socket, first: Buffer): Accepted {
    if (first.length > 0) socket.unshift(first)
    const { protocols } = this.#settings
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      requestCert: this.#settings.policy.asks,
      rejectUnauthorized: false, // Told afterwards, in the words of the database's protocol.
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
    })
    socket.on('error', (error) => secured.destroy(error))
    return { socket: secured, client: this.#admitted(secured) }
  }

  async #admitted(socket: TLSSocket): Promise<TlsClientInfo> {
    await handshake(socket)
    const clientId = this.#identified(socket)
    await this.#checkRevocation(socket)
    return {
      clientId,
      endPoint: this.#endPoint,
      protocol: socket.alpnProtocol || null,
    }
  }

  /** Applies the policy to the client's certificate, and takes the client id from it. */
  #identified(socket: TLSSocket): string | null {
    const { policy, extractor } = this.#settings
    const certificate = peerCertificate(socket)
    if (certificate === null && (policy.requires || extractor !== null)) throw noCertificate
    if (certificate === null) return null
    const untrusted = policy.verifies ? chainError(socket) : null
    if (untrusted !== null) throw chainRefusal(untrusted)
    if (extractor === null) return null
    if (!policy.verifies) throw notVerified
    try {
      checkClientCertificate(certificate)
      return clientIdOfCertificate(certificate, extractor)
    } catch (cause) {
      if (!(cause instanceof IdentityError)) throw cause
      throw new TlsError('tls-client-refused', cause.message, OTHER_CERTIFICATE, { cause })
    }
  }

  /** Of a certificate that was not verified nothing is known anyway. */
  async #checkRevocation(socket: TLSSocket): Promise<void> {
    const { policy, revocation } = this.#settings
    if (revocation === null || !policy.verifies || peerCertificate(socket) === null) return
    try {
      await revocation.check(this.#chains.of(socket.getPeerCertificate(true)))
    } catch (cause) {
      if (!(cause instanceof RevocationError)) throw cause
      throw new TlsError('tls-client-refused', cause.message, cause.hint, { cause })
    }
  }
}

const OTHER_CERTIFICATE =
  'The client needs a certificate of its own, made for clients: with a subject, not of an authority.'

const noCertificate = new TlsError(
  'tls-client-refused',
  'no peer tls certificate',
  'The client must show a certificate (sslcert and sslkey of libpq); --tls_client_auth says whether it has to.',
)

const notVerified = new TlsError(
  'tls-client-refused',
  'no peer tls certificate',
  '--tls_client_id_from_cert needs verified certificates: --tls_client_auth=3 or 4.',
)

/** Resolves when the handshake has succeeded; rejects with TlsError when it has not. */
function handshake(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error | null) => reject(tlsFailure(error, 'accept'))
    const onError = (error: Error) => fail(error)
    const onLeave = () => fail(null)
    socket.once('error', onError)
    socket.once('end', onLeave)
    socket.once('close', onLeave)
    onHandshake(socket, () => {
      socket.off('error', onError).off('end', onLeave).off('close', onLeave)
      resolve()
    })
  })
}
