import { TlsError } from './tls-error.ts'

/** What we are in a handshake: the server of a client, or the client of a server. */
export type TlsRole = 'accept' | 'connect'

/** What a code of Node or OpenSSL means, and what to do. */
interface Explanation {
  readonly codes: RegExp
  readonly what: string
  readonly hint: string | null
}

/**
 * The error that an operator can act on, for what Node reports of a TLS connection; null stands for a peer that has just closed
 * the connection. spec: acra-server §6, hints
 */
export function tlsFailure(error: Error | null, role: TlsRole): TlsError {
  const { code, peer, left } = roles[role]
  const { what, hint } = error === null ? left : explained(error, role)
  const options = error === null ? undefined : { cause: error }
  return new TlsError(code, `TLS with the ${peer} failed: ${what}`, hint, options)
}

/** The same for an error of a connection at work, which need not have to do with TLS: then it stays what it is. */
export function asTlsFailure(error: Error, role: TlsRole): Error {
  return /^ERR_(SSL|TLS)_/.test(codeOf(error)) ? tlsFailure(error, role) : error
}

/** Why a client is refused whose certificate leads to nobody that we trust; `code` is OpenSSL's. */
export function chainRefusal(code: string): TlsError {
  const { what, hint } = find(clientChain, code) ?? { what: `OpenSSL says ${code}`, hint: null }
  return new TlsError('tls-client-refused', `the certificate of the client ${what}`, hint)
}

const UNKNOWN_AUTHORITY =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/

const clientChain: readonly Explanation[] = [
  {
    codes: UNKNOWN_AUTHORITY,
    what: 'was made by an authority that is not trusted here',
    hint: 'Name the authority of the clients with --tls_client_ca.',
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    what: 'has expired',
    hint: 'Give the client a new certificate; check the clocks.',
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    what: 'is not valid yet',
    hint: 'Check the clocks of both machines.',
  },
  {
    codes: /^INVALID_PURPOSE$/,
    what: 'was not made for clients',
    hint: 'Its extended key usage, where it has one, must have clientAuth.',
  },
]

const clientFailures: readonly Explanation[] = [
  {
    codes: /(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|BAD_RECORD_MAC)$/,
    what: 'the client does not trust our certificate',
    hint:
      'Give the client the authority that made tls_client_cert (sslrootcert of libpq), and check that the certificate ' +
      'bears the name that the client uses and has not expired.',
  },
  {
    codes: /(UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION)$/,
    what: 'the client offers neither TLS 1.2 nor TLS 1.3',
    hint: 'Update the TLS library of the client.',
  },
  {
    codes: /(NO_SHARED_CIPHER|NO_SUITABLE_SIGNATURE_ALGORITHM|ALERT_HANDSHAKE_FAILURE)$/,
    what: 'the client and we have no cipher suite in common',
    hint: 'It must offer ECDHE with AES-GCM or ChaCha20-Poly1305, for the kind of key that tls_client_cert has.',
  },
  {
    codes: /NO_APPLICATION_PROTOCOL$/,
    what: 'the client asks for another protocol than postgresql (ALPN)',
    hint: null,
  },
  {
    codes: /(HTTP_REQUEST|WRONG_VERSION_NUMBER|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE)$/,
    what: 'what the client says is not TLS',
    hint: null,
  },
]

const serverFailures: readonly Explanation[] = [
  {
    codes: UNKNOWN_AUTHORITY,
    what: 'its certificate was made by an authority that is not trusted here',
    hint: 'Name the authority with --tls_database_ca or --tls_ca.',
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    what: 'its certificate has expired',
    hint: 'Renew the certificate of the database; check the clocks.',
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    what: 'its certificate is not valid yet',
    hint: 'Check the clocks of both machines.',
  },
  {
    codes: /^INVALID_PURPOSE$/,
    what: 'its certificate was not made for servers',
    hint: 'Its extended key usage, where it has one, must have serverAuth.',
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    what: 'its certificate bears another name',
    hint: 'Name the server with --db_host as its certificate does, or say with --tls_database_sni which name to expect.',
  },
  {
    codes:
      /(CERTIFICATE_REQUIRED|UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)$/,
    what: 'it does not accept our certificate, or misses one',
    hint: 'Show one that it trusts with --tls_database_cert and --tls_database_key.',
  },
  {
    codes: /(UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION)$/,
    what: 'it offers neither TLS 1.2 nor TLS 1.3',
    hint: 'See ssl_max_protocol_version of the database.',
  },
  {
    codes: /ALERT_HANDSHAKE_FAILURE$/,
    what: 'it and we have no cipher suite in common',
    hint: 'It must offer ECDHE with AES-GCM or ChaCha20-Poly1305.',
  },
  {
    codes: /(WRONG_VERSION_NUMBER|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE|PACKET_LENGTH_TOO_LONG)$/,
    what: 'what it says is not TLS',
    hint: null,
  },
]

const roles = {
  accept: {
    code: 'tls-accept-failed',
    peer: 'client',
    failures: clientFailures,
    left: {
      what: 'the client has left in the midst of the handshake',
      hint: 'Some clients do so where they do not trust our certificate; others were no clients, but probes of the port.',
    },
  },
  connect: {
    code: 'tls-connect-failed',
    peer: 'server',
    failures: serverFailures,
    left: { what: 'it has closed the connection in the midst of the handshake', hint: null },
  },
} as const

function explained(error: Error, role: TlsRole): { what: string; hint: string | null } {
  const code = codeOf(error)
  const known = find(roles[role].failures, code)
  if (known === null) return { what: reasonOf(error), hint: null }
  // The names in the certificate are what the operator has to compare.
  const names = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? ` (${reasonOf(error)})` : ''
  return { what: `${known.what}${names}`, hint: known.hint }
}

function find(explanations: readonly Explanation[], code: string): Explanation | null {
  return explanations.find(({ codes }) => codes.test(code)) ?? null
}

/** OpenSSL's words without the place in its source, else the code. */
function reasonOf(error: Error): string {
  const { reason } = error as { reason?: unknown }
  if (typeof reason === 'string') return reason
  return codeOf(error) || error.message
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}
