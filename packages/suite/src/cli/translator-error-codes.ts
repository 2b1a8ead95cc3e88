import { events } from '../observe/index.ts'
import type { ErrorEntry } from './error-entry.ts'

/** The errors of acra-translator's operations. */
export const translatorErrorCodes: Readonly<Record<string, ErrorEntry>> = {
  'client-id-empty': {
    meaning:
      'A request has no client id: neither its connection nor, where that counts, the request itself names one.',
    remedy: 'Connect with a certificate or through AcraConnector.',
    event: events.cannotDoOperation,
  },
  'client-id-refused': {
    meaning:
      'A gRPC request names a client id that is neither that of its connection nor listed in `acratranslator_client_id_allow_list`.',
    remedy: 'Leave it out of the request, or list it if that client may use its keys.',
    event: events.cannotDoOperation,
  },
  'http2-expected': {
    meaning:
      'A client of the gRPC interface has begun with something else than HTTP/2, or has not begun in time; its connection was closed.',
    remedy: 'Check that the client speaks gRPC, and that it connects to that address.',
    event: events.cannotWrapTranslatorConnection,
  },
  'keys-not-found': {
    meaning: 'The client, or the zone that a request names, has no key for what it asks.',
    remedy: 'Make the keys with acra-keymaker or acra-addzone.',
    event: events.cannotDoOperation,
  },
  'request-invalid': {
    meaning: 'A request is not what its operation takes.',
    remedy: 'Correct the request: a searchable value begins with its hash.',
    event: events.cannotDoOperation,
  },
  'operation-failed': {
    meaning: 'A value cannot be encrypted or decrypted with the keys of the client.',
    remedy: 'Check whose value it is; a damaged value cannot be restored.',
    event: events.cannotDoOperation,
  },
  'token-unknown': {
    meaning:
      'A token that the client, or the zone that a request names, does not have, that is of another type, or that is disabled.',
    remedy: 'Check whose token it is and of which type; `acra-tokens` enables what is disabled.',
    event: events.cannotDoOperation,
  },
}
