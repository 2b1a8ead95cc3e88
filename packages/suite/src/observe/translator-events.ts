import type { Event } from './event.ts'

/** The events of AcraTranslator. */
export const translatorEvents = {
  cannotHandleHttpRequest: {
    code: 700,
    level: 'error',
    message: "Can't handle HTTP request",
    meaning: 'A request by HTTP met an error that nobody expected; the client got status 500.',
    remedy: 'Read `error`.',
  },
  httpRequestRefused: {
    code: 2070,
    level: 'warning',
    message: 'HTTP request refused',
    meaning:
      'What a client of AcraTranslator has sent is no request that the interface takes, is too large, or has not come to its end in time. `status` is what it was told, if anything.',
    remedy: 'Correct the client; `error` says what was wrong.',
  },
  cannotDoOperation: {
    code: 707,
    level: 'warning',
    message: "Can't do operation",
    meaning:
      'A value could not be encrypted or decrypted as a client has asked for. `operation` names what was asked, `error` what was wrong.',
    remedy:
      'Check that the keys of the client id are in the keystore, and that the value was made with them.',
  },
  cannotWrapTranslatorConnection: {
    code: 711,
    level: 'error',
    message: "Can't wrap client's connection",
    meaning:
      'The encrypted transport with a client of AcraTranslator could not be agreed on. `reason` says what failed, as with code 538.',
    remedy: 'Read `hint`.',
  },
  cannotListenForHttp: {
    code: 712,
    level: 'error',
    message: "Can't accept new HTTP connection",
    meaning: 'A connection to the HTTP interface could not be taken.',
    remedy: 'Read `error`; mostly the limit of open files is reached.',
  },
  cannotHandleGrpcRequest: {
    code: 713,
    level: 'error',
    message: "Can't handle gRPC request",
    meaning: 'A request by gRPC met an error that nobody expected.',
    remedy: 'Read `error`.',
  },
  cannotListenForGrpc: {
    code: 715,
    level: 'error',
    message: "Can't accept new gRPC connection",
    meaning: 'A connection to the gRPC interface could not be taken.',
    remedy: 'Read `error`; mostly the limit of open files is reached.',
  },
} as const satisfies Readonly<Record<string, Event>>
