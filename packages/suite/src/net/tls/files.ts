import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { splitCertificates } from './system-authorities.ts'
import { TlsError } from './tls-error.ts'

/** A certificate, with the chain that leads to its authority, and its private key: PEM both. */
export interface Credentials {
  readonly certificate: string
  readonly key: string
}

/** Reads a bundle of authorities (PEM). Throws TlsError where it cannot be read or has no certificate. */
export function readAuthorities(path: string): readonly string[] {
  const certificates = splitCertificates(read(path, "Can't read root CA certificate"))
  if (certificates.length === 0) throw noAuthority(path)
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate)
    } catch (cause) {
      throw noAuthority(path, { cause })
    }
  }
  return certificates
}

/** Reads a certificate and its key, and checks that they belong together. Throws TlsError. */
export function readCredentials(certificateFile: string, keyFile: string): Credentials {
  const certificate = read(certificateFile, "Can't read TLS certificate")
  const key = read(keyFile, "Can't read TLS private key")
  const first = splitCertificates(certificate)[0]
  if (first === undefined) {
    throw unusable(`Can't parse TLS certificate as PEM encoded file: ${certificateFile}`, null)
  }
  let fits: boolean
  try {
    fits = new X509Certificate(first).checkPrivateKey(parsedKey(key, keyFile))
  } catch (cause) {
    if (cause instanceof TlsError) throw cause
    throw unusable(`Can't parse TLS certificate: ${certificateFile}`, null, { cause })
  }
  if (!fits) {
    throw unusable(
      `the private key in ${keyFile} does not belong to the certificate in ${certificateFile}`,
      'The first certificate of the file is the one of this server; those of authorities follow it.',
    )
  }
  return { certificate, key }
}

function parsedKey(key: string, path: string) {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(key)) {
    throw unusable(
      `the private key in ${path} is protected by a passphrase`,
      'Store it without one, readable for the user of the server only.',
    )
  }
  try {
    return createPrivateKey(key)
  } catch (cause) {
    throw unusable(`Can't parse TLS private key: ${path}`, null, { cause })
  }
}

function read(path: string, complaint: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (cause) {
    throw unusable(`${complaint}: ${path}`, null, { cause })
  }
}

function noAuthority(path: string, options?: ErrorOptions): TlsError {
  return unusable(
    `can't add CA certificate: ${path} has none in PEM that can be used`,
    null,
    options,
  )
}

function unusable(message: string, hint: string | null, options?: ErrorOptions): TlsError {
  return new TlsError('tls-files-unusable', message, hint, options)
}
