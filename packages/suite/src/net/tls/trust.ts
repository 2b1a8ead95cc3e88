import { readAuthorities, readCredentials } from './files.ts'
import { systemAuthorities } from './system-authorities.ts'

/** How a service is reached by TLS. */
export interface TlsTrust {
  /** Certificate authorities in PEM. */
  readonly ca: readonly string[]
  /** What to show where the service asks for a certificate. */
  readonly cert?: string
  readonly key?: string
  /** The name that the certificate must bear; absent: the host of the address. */
  readonly servername?: string
}

/** Files of one service; empty where there is none. */
export interface TrustPaths {
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly serverName: string
}

/** Reads whom to trust and what to show. The authorities of the system stay trusted. Throws TlsError where a file cannot be used. */
export function readTrust(
  paths: TrustPaths,
  environment: Readonly<Record<string, string | undefined>>,
): TlsTrust {
  const { ca, cert, key, serverName } = paths
  const own = ca === '' ? [] : readAuthorities(ca)
  const trust = {
    ca: [...systemAuthorities(environment), ...own],
    ...(serverName === '' ? {} : { servername: serverName }),
  }
  // A certificate counts only together with its key. spec: cli-tools §2.6
  if (cert === '' || key === '') return trust
  const credentials = readCredentials(cert, key)
  return { ...trust, cert: credentials.certificate, key: credentials.key }
}
