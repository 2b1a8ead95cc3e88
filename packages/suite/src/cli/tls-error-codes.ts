import { events } from '../observe/index.ts'
import type { ErrorEntry } from './error-entry.ts'

/** The errors of TLS, and of certificates that were revoked. */
export const tlsErrorCodes: Readonly<Record<string, ErrorEntry>> = {
  'tls-accept-failed': {
    meaning: 'A TLS connection with an application could not be set up, or broke.',
    remedy: 'Read the message and its `hint`.',
    event: events.tlsError,
  },
  'tls-client-refused': {
    meaning: 'An application uses TLS, but shows no certificate that will do.',
    remedy: 'Give it a certificate, or see `tls_client_auth` and `tls_client_id_from_cert`.',
    event: events.tlsError,
  },
  'tls-connect-failed': {
    meaning: 'A TLS connection with the database could not be set up, or broke.',
    remedy: 'Read the message and its `hint`; see `tls_database_mode`.',
    event: events.tlsError,
  },
  'tls-files-unusable': {
    meaning: 'A file of certificates or keys for TLS cannot be used.',
    remedy: 'Correct the file that the message names.',
    event: events.wrongConfiguration,
  },
  'certificate-revoked': {
    meaning: 'A certificate that was shown, or one of its authorities, was revoked.',
    remedy: 'Give its owner another certificate, if he shall go on.',
    event: events.tlsError,
  },
  'revocation-not-known': {
    meaning: 'Nobody says that a certificate was not revoked, so that it is not trusted.',
    remedy: 'Read the event 2040 before it, which names the responder or the list.',
    event: events.tlsError,
  },
  'revocation-source-unusable': {
    meaning: 'A responder or a revocation list cannot be reached, or cannot be believed.',
    remedy: 'Read the message; see docs/guide/tls.md.',
    event: events.cannotAskRevocation,
  },
}
