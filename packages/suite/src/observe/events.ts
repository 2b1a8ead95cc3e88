import { apiEvents } from './api-events.ts'
import { auditEvents } from './audit-events.ts'
import type { Event } from './event.ts'
import { poisonEvents } from './poison-events.ts'
import { schemaEvents } from './schema-events.ts'
import { translatorEvents } from './translator-events.ts'
import { transportEvents } from './transport-events.ts'

/**
 * The events of our programs, by number. The messages of the original's numbers are the original's
 * where it has a fixed one.
 */
export const events = {
  errorGeneral: {
    code: 500,
    level: 'error',
    message: 'General error',
    meaning: 'Something failed that has no number of its own.',
    remedy: 'Read the message and its `error`.',
  },
  wrongParameter: {
    code: 501,
    level: 'error',
    message: 'Wrong parameter',
    meaning: 'An option has a value that cannot be used.',
    remedy: 'Correct the option that the line names; `--help` shows what it accepts.',
  },
  invalidClientId: {
    code: 502,
    level: 'error',
    message:
      "Invalid client ID,  5 <= len(client ID) <= 256, only digits, letters and '_', '-', ' ' characters",
    meaning: 'The client id is too short, too long, or has other characters.',
    remedy: 'Choose an id of 5 to 256 letters, digits, `_`, `-` or spaces.',
  },
  cannotStartService: {
    code: 505,
    level: 'error',
    message: "Can't start service",
    meaning: 'The program met an error before it could begin its work, and ended.',
    remedy: 'Correct what `error` says and start it again.',
  },
  wrongConfiguration: {
    code: 507,
    level: 'error',
    message: 'Configuration is not valid',
    meaning: 'Options that are valid one by one do not go together.',
    remedy: 'Correct the options that the line names.',
  },
  cannotReadConfiguration: {
    code: 508,
    level: 'error',
    message: "Can't parse config",
    meaning:
      'The configuration file cannot be read, or holds something that cannot be used. `error` gives file, line and column.',
    remedy: 'Correct the file at that place.',
  },
  cannotOpenKeystore: {
    code: 510,
    level: 'error',
    message: "Can't initialize keystore",
    meaning: 'The keystore cannot be opened.',
    remedy:
      'Check `keys_dir`, that the folder has mode 0700 and belongs to the user of the program.',
  },
  cannotResolveToken: {
    code: 2026,
    level: 'warning',
    message: "Can't resolve token",
    meaning:
      'A token could not be turned into its value, or its use not be noted; it was answered as it is.',
    remedy: 'Read `error`: the store of tokens, or the keys of the client id.',
  },
  cannotReadKeys: {
    code: 511,
    level: 'error',
    message: "Can't read keys",
    meaning: 'A key that is needed is missing, damaged, or was made with another master key.',
    remedy:
      'Check that the keys of the client id exist and that `ACRA_MASTER_KEY` is the key they were made with.',
  },
  cannotLoadMasterKey: {
    code: 512,
    level: 'error',
    message: "Can't load master key",
    meaning: 'The master key is not set or not usable.',
    remedy: 'Set `ACRA_MASTER_KEY` to the base64 text of the master key.',
  },
  cannotInitKeyEncryptor: {
    code: 513,
    level: 'error',
    message: "Can't init keystore encryptor",
    meaning: 'The master key was read but keys cannot be unwrapped with it.',
    remedy: 'Check that the master key is the one of this keystore.',
  },
  cannotListen: {
    code: 530,
    level: 'error',
    message: "Can't start listen connections",
    meaning: 'The address to listen on cannot be used.',
    remedy: 'Choose a free address, or end what uses it; a stale unix socket has to be removed.',
  },
  cannotStopListening: {
    code: 531,
    level: 'error',
    message: "Can't stop listen connections",
    meaning: 'The listening socket could not be closed.',
    remedy: 'Read `error`; a unix socket file may have to be removed by hand.',
  },
  cannotAccept: {
    code: 533,
    level: 'error',
    message: "Can't accept new connection",
    meaning: 'A connection that arrived could not be taken, mostly for want of file descriptors.',
    remedy: 'Raise the limit of open files (`ulimit -n`) or lower the number of connections.',
  },
  cannotStartConnection: {
    code: 534,
    level: 'error',
    message: "Can't start connection",
    meaning: 'An accepted connection could not be served.',
    remedy: 'Read `error`.',
  },
  cannotCloseConnection: {
    code: 536,
    level: 'error',
    message: "Can't close connection",
    meaning: 'A connection could not be closed in order.',
    remedy: 'Nothing, unless it happens often: then read `error`.',
  },
  cannotStartSession: {
    code: 537,
    level: 'error',
    message: "Can't init session with client",
    meaning: "The start of a client's session failed.",
    remedy: 'Read `error`.',
  },
  connectionTimedOut: {
    code: 539,
    level: 'warning',
    message: 'Connection was dropped by timeout',
    meaning: 'A side was silent for too long in a place where an answer is due.',
    remedy: 'Check the network and the peer, or raise the time-out that the line names.',
  },
  cannotConnectToDatabase: {
    code: 540,
    level: 'error',
    message: "Can't connect to database",
    meaning: 'The database cannot be reached.',
    remedy: 'Check `db_host` and `db_port`, and that the database accepts connections from here.',
  },
  cannotCloseDatabaseConnection: {
    code: 541,
    level: 'error',
    message: "Can't close connection to database",
    meaning: 'The connection to the database could not be closed in order.',
    remedy: 'Nothing, unless it happens often: then read `error`.',
  },
  cannotProcessColumn: {
    code: 575,
    level: 'error',
    message: "Can't process column",
    meaning: 'A value in an answer of the database could not be worked on.',
    remedy: 'Read `error`.',
  },
  cannotProcessRow: {
    code: 576,
    level: 'error',
    message: "Can't process row",
    meaning: 'A row of an answer could not be worked on.',
    remedy: 'Read `error`.',
  },
  cannotDecrypt: {
    code: 581,
    level: 'warning',
    message: "Can't decrypt value",
    meaning: 'An encrypted value could not be decrypted with the keys of the client id.',
    remedy:
      'Check whose value it is and that its keys are in the keystore; a damaged value cannot be restored.',
  },
  protocolError: {
    code: 600,
    level: 'error',
    message: "Can't process database protocol",
    meaning:
      'The exchange of a connection broke its protocol or met an error; the connection was closed.',
    remedy: 'Read `error`.',
  },
  cannotEncryptQuery: {
    code: 900,
    level: 'error',
    message: "Can't encrypt values of query",
    meaning: 'The values of a statement could not be protected; the statement was not sent.',
    remedy: 'Read `error`; mostly keys are missing.',
  },
  cannotReadEncryptorConfiguration: {
    code: 901,
    level: 'error',
    message: "Can't initialize encryptor config",
    meaning: 'The encryptor config cannot be read, or holds something that cannot be used.',
    remedy: 'Correct the file at the place that `error` names.',
  },
  cannotInitEncryptor: {
    code: 902,
    level: 'error',
    message: "Can't initialize data encryptor",
    meaning: 'The transformation of a column cannot be set up.',
    remedy: "Correct the column's settings.",
  },
  cannotEncryptExpression: {
    code: 903,
    level: 'error',
    message: "Can't encrypt expression",
    meaning: 'A value inside an expression could not be protected.',
    remedy: 'Read `error`.',
  },
  cannotEncryptData: {
    code: 904,
    level: 'error',
    message: "Can't encrypt data",
    meaning: 'A value could not be encrypted; the statement was not sent.',
    remedy: 'Check that the keys of the client id exist: `acra-keymaker` makes them.',
  },
  cannotProcessConnection: {
    code: 1100,
    level: 'error',
    message: "Can't process connection",
    meaning: 'A connection ended by an error.',
    remedy: 'Read `error`.',
  },
  metricsFailed: {
    code: 1000,
    level: 'error',
    message: "Can't answer with metrics",
    meaning: 'A request for the metrics could not be answered.',
    remedy: 'Read `error`.',
  },
  cannotParseParse: {
    code: 1202,
    level: 'error',
    message: "Can't parse Parse packet",
    meaning: 'A Parse message of a PostgreSQL client is damaged.',
    remedy: 'Look at the client and what stands between.',
  },
  unexpectedPacket: {
    code: 1203,
    level: 'error',
    message: 'Unexpected packet',
    meaning: 'A PostgreSQL message came where it has no place.',
    remedy: 'Look at the client and what stands between.',
  },
  databaseProtocolError: {
    code: 1210,
    level: 'error',
    message: 'Database protocol error',
    meaning: 'The database broke its protocol.',
    remedy: 'Check that the address leads to the database that is configured.',
  },
  cannotWrite: {
    code: 1300,
    level: 'error',
    message: "Can't write to network",
    meaning: 'Bytes could not be sent.',
    remedy: 'Mostly the peer is gone: read `error`.',
  },
  cannotFlush: {
    code: 1301,
    level: 'error',
    message: "Can't flush to network",
    meaning: 'Bytes could not be sent.',
    remedy: 'Mostly the peer is gone: read `error`.',
  },
  tlsError: {
    code: 1302,
    level: 'error',
    message: 'TLS error',
    meaning: 'A TLS handshake or connection failed.',
    remedy: 'Read `error`.',
  },
  statementRefused: {
    code: 2000,
    level: 'warning',
    message: 'Statement refused',
    meaning:
      'A statement was not sent to the database, since a protected column would be written or shown in the clear, or cannot be handled. The client got an error that says why.',
    remedy:
      "Rewrite the statement as the client's error says, or set `on_unprotected: pass` for the column.",
  },
  statementUnprotected: {
    code: 2001,
    level: 'warning',
    message: 'Statement passed unprotected',
    meaning:
      'A statement that is not handled was sent to the database as it was, as `on_unprotected: pass` asks.',
    remedy: 'Rewrite the statement, then set `on_unprotected: refuse`.',
  },
  restoring: {
    code: 2003,
    level: 'warning',
    message: 'Known tokens are stored as they are',
    meaning:
      'The server runs with `--restore`: a value that is a token already is stored as it is in a tokenized column, also where an application means a genuine value that equals it.',
    remedy: 'Restart the server without `--restore` when the dump is restored.',
  },
  planCacheFull: {
    code: 2002,
    level: 'warning',
    message: 'Plan cache is full',
    meaning:
      'More distinct statements are in use than `plan_cache_size` or `plan_cache_bytes` hold; statements are analysed again and again.',
    remedy:
      'Raise the limits, or use parameters in the place of literals and lists of varying length.',
  },
  connectionWithoutClientId: {
    code: 2010,
    level: 'warning',
    message: 'Connection refused: no client id',
    meaning: 'A connection has no client id, so that there are no keys for it.',
    remedy: 'Set `client_id`.',
  },
  clientProtocolViolation: {
    code: 2011,
    level: 'warning',
    message: 'Protocol violation by client',
    meaning: 'A client sent what the protocol does not allow; its connection was closed.',
    remedy: 'Check that it is a client of the configured database; port scans look like this too.',
  },
  databaseProtocolViolation: {
    code: 2012,
    level: 'error',
    message: 'Protocol violation by database',
    meaning: 'The database sent what the protocol does not allow; the connection was closed.',
    remedy: 'Check that `db_host` and `db_port` lead to the configured kind of database.',
  },
  limitExceeded: {
    code: 2013,
    level: 'warning',
    message: 'Limit exceeded',
    meaning:
      'A message, statement or row is larger than its limit, or there are more connections than one allows; it was refused.',
    remedy: 'Raise the limit that the line names, if the size or number is meant.',
  },
  workerEnded: {
    code: 2014,
    level: 'error',
    message: 'Worker ended, another one takes its place',
    meaning:
      'One of the processes that serve connections has died; its connections are gone. `error` tells its exit code or signal.',
    remedy: 'Look for what killed it: its own last line, or the log of the system (memory).',
  },
  workerSilent: {
    code: 2015,
    level: 'error',
    message: 'Worker does not answer, it is ended',
    meaning:
      'One of the processes that serve connections has not answered for `worker_timeout` seconds and was killed; event 2014 follows.',
    remedy:
      'If the machine was merely overloaded, raise `worker_timeout`. If it happens again, look which statements ran at that time, and report it.',
  },
  keySourceAway: {
    code: 2030,
    level: 'warning',
    message: 'What protects the keys does not answer, those in memory go on',
    meaning:
      'Vault, the KMS or the hardware security module does not answer a running service. Keys in memory are used for `keystore_offline_ttl`; others cannot be read meanwhile.',
    remedy: 'Read `error`, and bring it back.',
  },
  keySourceBack: {
    code: 2031,
    level: 'info',
    message: 'What protects the keys answers again',
    meaning: 'Vault, the KMS or the hardware security module is back.',
    remedy: 'Nothing.',
  },
  keysDropped: {
    code: 2032,
    level: 'error',
    message: 'Keys in memory were dropped',
    meaning:
      'Vault, the KMS or the hardware security module has not answered for longer than `keystore_offline_ttl`: nothing is encrypted or decrypted until it is back.',
    remedy: 'Bring it back; connections need not be opened again.',
  },
  ...apiEvents,
  ...auditEvents,
  ...poisonEvents,
  ...schemaEvents,
  ...transportEvents,
  ...translatorEvents,
} as const satisfies Readonly<Record<string, Event>>
