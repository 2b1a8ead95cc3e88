import type { Event } from './event.ts'

/** The events of the way between applications, AcraConnector, the servers and AcraTranslator. */
export const transportEvents = {
  cannotCloseClientConnection: {
    code: 509,
    level: 'error',
    message: "Error on closing client's connection",
    meaning: 'The connection of an application could not be closed in order.',
    remedy: 'Nothing, unless it happens often: then read `error`.',
  },
  cannotConfigureTransport: {
    code: 532,
    level: 'error',
    message: "Configuration error: Can't initialize TLS connection wrapper",
    meaning: 'The transport to the server cannot be set up with these options and files.',
    remedy: 'Correct what `error` says.',
  },
  cannotWrapConnection: {
    code: 538,
    level: 'error',
    message: "Can't wrap connection",
    meaning:
      'The encrypted transport between AcraConnector and its server could not be agreed on. `reason` says what failed: ' +
      '`key_decrypt_failed` (the own private key does not open), `key_not_found`, `unexpected_id`, `not_verified` (another key than ' +
      'was exchanged), `peer_closed` (the other side has the reason in its log), `timeout`, `malformed`, `tls`.',
    remedy:
      'Read `hint`. A key that was renamed opens again under its old name; else make and exchange the transport keys again.',
  },
  cannotAskRevocation: {
    code: 2040,
    level: 'warning',
    message: "Can't find out whether certificates were revoked",
    meaning:
      'A responder (OCSP) or a list (CRL), `url`, cannot be reached, or what it says cannot be believed. Connections that need it are refused; their own lines follow.',
    remedy:
      'Read `error`. Check `tls_ocsp_url`, `tls_crl_url` and the addresses in the certificates; a list that is out of date has to be made anew by its authority.',
  },
  cannotSendTrace: {
    code: 800,
    level: 'error',
    message: "Can't send trace data",
    meaning:
      'AcraConnector could not tell the server where a trace comes from; the connection was closed.',
    remedy: 'Mostly the server is gone: read `error`.',
  },
  cannotReadTrace: {
    code: 801,
    level: 'error',
    message: "Can't read trace from AcraConnector",
    meaning:
      'What a connection of AcraConnector begins with did not come; the connection was closed.',
    remedy:
      'Where no AcraConnector stands in front, set `acraconnector_transport_encryption_disable`.',
  },
} as const satisfies Readonly<Record<string, Event>>
