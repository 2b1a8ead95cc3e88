import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Environment } from '../../keystore/index.ts'
import { revocationSettings } from '../../net/revocation/index.ts'
import { connectSession } from '../../net/secure-session/index.ts'
import {
  readAuthorities,
  readCredentials,
  systemAuthorities,
  TlsClient,
} from '../../net/tls/index.ts'
import type { Logger } from '../../observe/index.ts'
import { revocationOf, type TransportKeyring } from '../transport/index.ts'
import type { ConnectorOptions } from './options.ts'
import type { Peer } from './peer.ts'

/** For the whole handshake of a Secure Session, as in the original. */
const SESSION_TIMEOUT_MS = 5000
const TLS_TIMEOUT_MS = 60_000

/**
 * Agrees on encryption with the server on a connected socket that nobody reads; what is resolved stands for the connection, and must be
 * given an `error` listener at once. The socket is destroyed where it rejects.
 */
export type Wrap = (socket: Socket) => Promise<Duplex>

/** How the log names the transports. */
export const transportNames = { session: 'Secure Session', tls: 'TLS', raw: 'raw' } as const

/** Secure Session, with keys that are read for every connection. Rejects with SessionFailure. */
export function sessionTransport(clientId: string, peer: Peer, keyring: TransportKeyring): Wrap {
  return (socket) =>
    connectSession(socket, {
      clientId,
      serverId: peer.sessionId,
      keys: async () => {
        const { privateKey, peerKey } = await keyring.open(clientId)
        return { privateKey, serverKey: peerKey }
      },
      timeoutMs: SESSION_TIMEOUT_MS,
    })
}

/**
 * TLS, the server's certificate and name verified. Throws TlsError where a file cannot be used, and ConfigurationError; rejects with
 * TlsError.
 */
export function tlsTransport(
  options: ConnectorOptions,
  peer: Peer,
  environment: Environment,
  log: Logger,
): Wrap {
  const { tls_ca: file, tls_cert: certificate, tls_key: key } = options
  const system = systemAuthorities(environment)
  const authorities = file === '' ? system : [...system, ...readAuthorities(file)]
  const client = new TlsClient({
    credentials: certificate === '' ? null : readCredentials(certificate, key),
    authorities,
    serverName: peer.serverName,
    protocol: null,
    revocation: revocationOf(revocationSettings(options), authorities, log),
  })
  return (socket) => client.connect(socket, 'full', TLS_TIMEOUT_MS)
}

/** Nothing at all. */
export const rawTransport: Wrap = async (socket) => socket
