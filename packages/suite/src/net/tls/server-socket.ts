import type { TLSSocket } from 'node:tls'

/**
 * What a TLSSocket that Node's own `tls.Server` did not make does not tell by its documented interface: it stands here and
 * nowhere else. Where a version of Node lacks it, no client certificate is trusted.
 */
interface Undocumented {
  readonly ssl?: { verifyError?(): unknown } | null
  /** Stays true, and makes HTTP/2 wait for a handshake that is over. */
  secureConnecting?: boolean
}

/**
 * Why OpenSSL does not trust the certificate that the client showed, as its code (`CERT_HAS_EXPIRED`); null where its chain leads
 * to an authority that we trust. To be asked after the handshake, and only where a certificate was shown.
 */
export function chainError(socket: TLSSocket): string | null {
  const { ssl } = socket as Undocumented
  if (typeof ssl?.verifyError !== 'function') return 'UNSPECIFIED'
  const error = ssl.verifyError()
  if (error === null || error === undefined) return null
  return (error as NodeJS.ErrnoException).code ?? 'UNSPECIFIED'
}

/** Calls `done` once, when the handshake has succeeded. */
export function onHandshake(socket: TLSSocket, done: () => void): void {
  socket.once('secure', () => {
    const inside = socket as Undocumented
    inside.secureConnecting = false
    done()
  })
}
