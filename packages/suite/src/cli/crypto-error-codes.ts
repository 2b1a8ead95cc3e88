import type {
  BlockErrorCode,
  CellErrorCode,
  KeyErrorCode,
  MessageErrorCode,
  SessionErrorCode,
  StructErrorCode,
} from '@acra-ts/crypto'
import type { ErrorEntry } from './error-entry.ts'

type CryptoErrorCode =
  | BlockErrorCode
  | CellErrorCode
  | KeyErrorCode
  | MessageErrorCode
  | SessionErrorCode
  | StructErrorCode

/** The errors of `@acra-ts/crypto`. */
export const cryptoErrorCodes: Readonly<Record<CryptoErrorCode, ErrorEntry>> = {
  'acrablock-not-opened': {
    meaning: 'An AcraBlock is damaged, or none of the keys is the one it was made with.',
    remedy: 'Check the client id and its keys; a damaged value cannot be restored.',
  },
  'acrastruct-not-opened': {
    meaning: 'An AcraStruct is damaged, or none of the private keys is the one it was made for.',
    remedy: 'Check the client id and its keys; a damaged value cannot be restored.',
  },
  'cell-not-opened': {
    meaning: 'A Secure Cell is damaged, or its key or context is another one.',
    remedy: 'Check the key and the context; a damaged value cannot be restored.',
  },
  'key-empty': {
    meaning: 'A key without a single byte was given.',
    remedy: 'Give the key.',
  },
  'key-malformed': {
    meaning: 'The bytes are not the container of a key of the expected kind.',
    remedy: 'Check that it is the right file, and that a private key was unwrapped first.',
  },
  'message-not-opened': {
    meaning: 'A Secure Message is damaged, or was made for or by somebody else.',
    remedy: 'Check both keys; a damaged message cannot be restored.',
  },
  'message-not-verified': {
    meaning: 'The signature of a Secure Message does not fit its content and the public key.',
    remedy: 'Do not trust the content. Check the public key.',
  },
  'session-malformed': {
    meaning: 'What came in the place of a message of a Secure Session handshake is none.',
    remedy:
      'Check that the peer speaks Secure Session: it may be set to TLS, or be no peer at all.',
  },
  'session-not-verified': {
    meaning: 'The peer of a Secure Session cannot prove that the public key is its own.',
    remedy: 'Exchange the public keys again; the peer may have made a new pair.',
  },
  'session-peer-unknown': {
    meaning: 'The peer of a Secure Session says an id whose public key is not here.',
    remedy:
      'Check the ids of both sides (`securesession_id`, `client_id`) and the public key files.',
  },
  'session-out-of-order': {
    meaning: 'A message of a Secure Session came where it has no place.',
    remedy: 'Look at the peer and what stands between.',
  },
  'session-not-opened': {
    meaning:
      'A message of a Secure Session is damaged, was sent again or left out, or the clocks are a day apart.',
    remedy: 'Check both clocks; then look at what stands between.',
  },
  'plaintext-empty': {
    meaning: 'The formats of Themis hold no empty value.',
    remedy: 'Leave empty values as they are.',
  },
  'plaintext-too-large': {
    meaning: 'The value is larger than the format can hold.',
    remedy: 'Cut the value into several.',
  },
}
