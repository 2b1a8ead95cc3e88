import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { TlsError } from './tls-error.ts'

/** Where distributions keep the bundle of the authorities that they trust. */
const BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Alpine, Arch
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // openSUSE
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL 7
  '/etc/ssl/cert.pem', // Alpine, the BSDs, macOS
]

/**
 * The certificates (PEM) of the authorities that this system trusts: the file that `SSL_CERT_FILE` names, else the distribution's
 * bundle, else those that come with Node. Throws TlsError where the named file cannot be used.
 */
export function systemAuthorities(
  environment: Readonly<Record<string, string | undefined>>,
  bundles: readonly string[] = BUNDLES,
): readonly string[] {
  const named = environment.SSL_CERT_FILE
  if (named !== undefined && named !== '') return certificatesOf(named)
  for (const bundle of bundles) {
    const pem = readIfThere(bundle)
    if (pem !== null) return splitCertificates(pem)
  }
  return rootCertificates
}

function certificatesOf(path: string): readonly string[] {
  let pem: string
  try {
    pem = readFileSync(path, 'latin1')
  } catch (cause) {
    throw unusable(`can't read the file that SSL_CERT_FILE names, ${path}`, { cause })
  }
  const certificates = splitCertificates(pem)
  if (certificates.length > 0) return certificates
  throw unusable(`the file that SSL_CERT_FILE names, ${path}, has no PEM certificate`)
}

function unusable(message: string, options?: ErrorOptions): TlsError {
  return new TlsError('tls-files-unusable', message, null, options)
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null // Another distribution's place.
  }
}

/** The certificates of a PEM text, each with its frame; whatever else stands there is left out. */
export function splitCertificates(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}
