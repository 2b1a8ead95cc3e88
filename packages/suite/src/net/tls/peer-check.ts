import type { PeerCertificate } from 'node:tls'
import { Revocation, type RevocationSettings } from '../revocation/index.ts'
import { PeerChains } from './peer-chain.ts'

/**
 * Asks about the certificate that a server has shown (`getPeerCertificate(true)`) on a connection whose chain is verified. Rejects with
 * RevocationError where it must not be trusted.
 */
export type PeerCheck = (shown: PeerCertificate | null) => Promise<void>

/** `authorities` are those that connections are verified with. */
export function peerCheck(revocation: Revocation, authorities: readonly string[]): PeerCheck {
  const chains = new PeerChains(authorities)
  return (shown) => revocation.check(chains.of(shown))
}

/** The check of a service that is no peer of ours; null where nobody is to be asked. `warn` is told of responders and lists that cannot be used. */
export function serviceCheck(
  settings: RevocationSettings,
  authorities: readonly string[],
  warn: (sentence: string) => void,
): PeerCheck | null {
  if (settings.ocsp === null && settings.crl === null) return null
  const revocation = new Revocation(settings, {
    authorities,
    now: () => Date.now(),
    onTrouble: (url, reason) => warn(`Can't ask ${url} about revoked certificates: ${reason}`),
  })
  return peerCheck(revocation, authorities)
}
