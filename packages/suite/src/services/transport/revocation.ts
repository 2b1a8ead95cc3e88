import { Revocation, type RevocationSettings } from '../../net/revocation/index.ts'
import { events, type Logger } from '../../observe/index.ts'

/**
 * Who is asked about certificates that may have been revoked; null where nobody is. What cannot be asked is logged, once at the start for
 * the addresses of the options.
 */
export function revocationOf(
  settings: RevocationSettings,
  authorities: readonly string[],
  log: Logger,
): Revocation | null {
  if (settings.ocsp === null && settings.crl === null) return null
  const revocation = new Revocation(settings, {
    authorities,
    now: () => Date.now(),
    onTrouble: (url, reason) => log.event(events.cannotAskRevocation, { url, error: reason }),
  })
  void revocation.probe()
  return revocation
}
