import type { KeystoreErrorCode } from '../keystore/index.ts'
import { events } from '../observe/index.ts'
import { auditErrorCodes } from './audit-error-codes.ts'
import { cryptoErrorCodes } from './crypto-error-codes.ts'
import type { ErrorEntry } from './error-entry.ts'
import { explainErrorCodes } from './explain-error-codes.ts'
import { schemaErrorCodes } from './schema-error-codes.ts'
import { tlsErrorCodes } from './tls-error-codes.ts'
import { translatorErrorCodes } from './translator-error-codes.ts'
import { webUserErrorCodes } from './web-user-error-codes.ts'

const keystore: Readonly<Record<KeystoreErrorCode, ErrorEntry>> = {
  'keystore-owner-invalid': {
    meaning: 'The id of a client or zone cannot be part of a file name of the keystore.',
    remedy: 'Use an id of 5 to 256 letters, digits, `_`, `-` or spaces.',
    event: events.invalidClientId,
  },
  'keystore-folder-permissions': {
    meaning: 'Others than its owner may enter the folder of the keys.',
    remedy: 'Run the `chmod 0700` that the message gives.',
    event: events.cannotOpenKeystore,
  },
  'keystore-file-permissions': {
    meaning: 'Others than its owner may read or write a key file.',
    remedy: 'Run the `chmod 0600` that the message gives, and think about who has read the key.',
    event: events.cannotOpenKeystore,
  },
  'keystore-file-kind': {
    meaning: 'Where a key file should be is a folder, a link or something else.',
    remedy: 'Remove what is there, or name the right folder.',
    event: events.cannotOpenKeystore,
  },
  'keystore-file-too-large': {
    meaning: 'A key file is larger than any key.',
    remedy: 'Check that it is a key file.',
    event: events.cannotOpenKeystore,
  },
  'keystore-key-unreadable': {
    meaning: 'A key cannot be unwrapped: another master key, another owner, or damage.',
    remedy: 'Check `ACRA_MASTER_KEY`, and that the file was not renamed or copied from elsewhere.',
    event: events.cannotReadKeys,
  },
  'keystore-key-malformed': {
    meaning: 'A key was unwrapped, but is not of its kind.',
    remedy: 'Restore the file from a backup.',
    event: events.cannotReadKeys,
  },
  'keystore-key-missing': {
    meaning: 'There is no such key.',
    remedy: 'Make it with `acra-keymaker`, or check `keys_dir` and the client id.',
    event: events.cannotReadKeys,
  },
  'keystore-key-unfit': {
    meaning: 'The bytes that were to be stored are no key of that kind.',
    remedy: 'Check what was given.',
    event: events.cannotReadKeys,
  },
  'keystore-version-conflict': {
    meaning: 'The folder holds a keystore of another version than was asked for.',
    remedy: 'Use another folder, or ask for the version that is there.',
    event: events.cannotOpenKeystore,
  },
  'keystore-cache-conflict': {
    meaning: 'The keys are to be loaded at start, but the cache is off.',
    remedy:
      'Set `keystore_cache_on_start_enable: false`, or a `keystore_cache_size` other than -1.',
    event: events.cannotOpenKeystore,
  },
  'keystore-redis-settings': {
    meaning: 'The options about Redis contradict each other, or name no address.',
    remedy: 'Set `redis_host_port` too, and other numbers for keys than for tokens.',
    event: events.cannotOpenKeystore,
  },
  'keystore-locked': {
    meaning: 'Another program is writing to the keystore.',
    remedy: 'Wait for it to end. Where none runs, remove the lock file that the message names.',
    event: events.cannotOpenKeystore,
  },
  'keystore-io': {
    meaning: 'The file system refused something; the message says what, where and why.',
    remedy: 'Correct the permissions, the path or the disk.',
    event: events.cannotOpenKeystore,
  },
  'bundle-malformed': {
    meaning: 'A bundle of keys opens, but what is in it cannot be used.',
    remedy: 'Export it anew; nothing was imported.',
    event: events.cannotReadKeys,
  },
  'bundle-not-opened': {
    meaning: 'A bundle of keys does not open: another secret, damage, or an end that is missing.',
    remedy:
      'Check that bundle and secret belong together, and that both came whole. Nothing was imported.',
    event: events.cannotReadKeys,
  },
  'bundle-member-unknown': {
    meaning: 'A bundle holds something that is no key of a keystore.',
    remedy: 'Ask who made it. Nothing was imported.',
    event: events.cannotReadKeys,
  },
  'bundle-conflict': {
    meaning:
      'A bundle holds other versions of a key than the keystore does, or what cannot stand there.',
    remedy: 'Import into another keystore, or replace the keys by `--force`. Nothing was imported.',
    event: events.cannotReadKeys,
  },
  'other-master-key': {
    meaning:
      'The keystore has keys, and none of them opens by the master key that is given: nothing could be encrypted or decrypted.',
    remedy:
      'Set `ACRA_MASTER_KEY`, or the option that says where the master key is, to that of this keystore; `acra-keys check` looks at every key.',
    event: events.cannotOpenKeystore,
  },
  'master-key-missing': {
    meaning: 'There is no master key.',
    remedy: 'Set `ACRA_MASTER_KEY` to the base64 text of the master key.',
    event: events.cannotLoadMasterKey,
  },
  'master-key-malformed': {
    meaning: 'The master key is not valid base64, or shorter than 32 bytes.',
    remedy: 'Set `ACRA_MASTER_KEY` to what `cat master.key | base64` prints.',
    event: events.cannotLoadMasterKey,
  },
  'master-key-exists': {
    meaning: 'There is a file already where the new master key was to be written.',
    remedy:
      'Choose another path. Replace it by `--force` only where no key was ever made with it: those keys would be lost.',
    event: events.cannotLoadMasterKey,
  },
  'master-key-source-invalid': {
    meaning:
      'The options of Vault, the KMS or the hardware security module cannot be used, or what they name is not there.',
    remedy: 'Correct the option, or make what the message says is missing.',
    event: events.cannotLoadMasterKey,
  },
  'master-key-refused': {
    meaning:
      'Vault, the KMS or the hardware security module answers and does not permit it: token, credentials, policy or PIN.',
    remedy:
      'Check the credentials, and that their policy permits what is asked: to read the secret, to decrypt with the key.',
    event: events.cannotLoadMasterKey,
  },
  'master-key-unavailable': {
    meaning:
      'Vault, the KMS or the hardware security module cannot be reached, or does not answer in time.',
    remedy: 'Check its address, its certificate and the network; unseal Vault.',
    event: events.cannotLoadMasterKey,
  },
}

const suite = {
  'session-failed': {
    meaning: 'A Secure Session between AcraConnector and its server did not come about, or broke.',
    remedy: 'Read `reason` and `hint`, on both sides.',
    event: events.cannotWrapConnection,
  },
  'connection-silent': {
    meaning: 'A connection ended, or was silent for too long, before the client had said anything.',
    remedy: 'Nothing: mostly somebody has looked whether the service is there.',
  },
  'connector-configuration-invalid': {
    meaning:
      'The options of acra-connector do not say what to connect to, or a key that they need is missing.',
    remedy: 'Correct what the message names.',
    event: events.wrongConfiguration,
  },
  'address-invalid': {
    meaning: 'An address to listen on or to connect to cannot be understood.',
    remedy: 'Write `tcp://host:port` or `unix:///path`.',
    event: events.wrongConfiguration,
  },
  'certificate-malformed': {
    meaning: 'A certificate is not valid PEM or X.509.',
    remedy: 'Give the certificate itself, in PEM.',
  },
  'certificate-not-for-clients': {
    meaning:
      'A certificate was not made to speak for a client: it is that of an authority, or may not sign.',
    remedy:
      'Give the client a certificate of its own, with key usage digitalSignature or clientAuth.',
  },
  'certificate-without-identifier': {
    meaning: 'A certificate has no subject to make a client id from.',
    remedy: 'Use `tls_identifier_extractor_type: serial_number`, or another certificate.',
  },
  'configuration-invalid': {
    meaning: 'The configuration cannot be used; there is a line for each thing that is wrong.',
    remedy: 'Correct the place that the line names.',
    event: events.cannotReadConfiguration,
  },
  'connect-failed': {
    meaning: 'The other side cannot be reached.',
    remedy: 'Check host, port and network.',
    event: events.cannotConnectToDatabase,
  },
  'connection-closed': {
    meaning: 'The other side closed the connection in the middle of something.',
    remedy: 'Look at the log of the other side.',
  },
  'connection-timeout': {
    meaning: 'The other side was silent for too long where an answer is due.',
    remedy: 'Check the network and the other side, or raise the time-out.',
  },
  'database-ended': {
    meaning: 'The database has closed a connection without saying why.',
    remedy: 'Look at the log of the database, and at what stands between.',
  },
  'der-malformed': {
    meaning: 'The inside of a certificate breaks the rules of its encoding.',
    remedy: 'Have the certificate issued anew.',
  },
  'schema-too-large': {
    meaning: 'The database has more relations, columns or views than acra-server can know.',
    remedy: 'Set schema_introspection to false, and list the columns in the encryptor config.',
  },
  'encryptor-config-invalid': {
    meaning: 'The encryptor config cannot be used; the message has a line for each thing.',
    remedy: 'Correct the places that the lines name.',
    event: events.cannotReadEncryptorConfiguration,
  },
  'listen-failed': {
    meaning: 'The address to listen on cannot be used.',
    remedy: 'Choose a free one, or end what uses it.',
    event: events.cannotListen,
  },
  'log-file-unusable': {
    meaning: 'The file of `log_to_file` cannot be opened.',
    remedy: 'Correct its path or its permissions.',
  },
  'protocol-error': {
    meaning: 'A client or the database sent what its protocol does not allow.',
    remedy: 'Check that the address leads to the kind of database that is configured.',
  },
  'statement-refused': {
    meaning:
      'A statement would write or show a protected column in the clear, or cannot be handled.',
    remedy: 'The message and its hint name the clause, the column and the way out.',
    event: events.statementRefused,
  },
  'sql-broke-parser': {
    meaning: 'A statement is more than the parser can hold; the parser was replaced.',
    remedy: 'Split the statement, or use parameters in the place of literals.',
  },
  'sql-parser-restarting': {
    meaning: 'The parser is being replaced after a statement that was too much for it.',
    remedy: 'Try again.',
  },
  'sql-syntax': {
    meaning: 'A statement is not valid SQL for the parser.',
    remedy: 'Correct the statement.',
  },
  'sql-too-deep': {
    meaning: 'A statement is nested too deeply to be analysed.',
    remedy: 'Simplify the statement.',
  },
  'sql-too-laborious': {
    meaning: 'The analysis of a statement takes too many steps.',
    remedy:
      'Split the statement, write it with fewer subqueries in each other, or raise `statement_steps_max`.',
  },
  'sql-too-long': {
    meaning: 'A statement is too long to be analysed.',
    remedy: 'Split the statement, or raise `statement_size_max`.',
  },
  'sql-too-many-parts': {
    meaning: 'A statement has too many words, signs and values to be analysed.',
    remedy: 'Split the statement, use COPY, or raise `statement_nodes_max`.',
  },
  'sql-too-wide': {
    meaning: 'The queries of a statement have too many columns together to be analysed.',
    remedy: 'Select fewer columns, or raise `statement_columns_max`.',
  },
  'auth-file-invalid': {
    meaning: 'A line of the auth file is not `"user" "password"`.',
    remedy: 'Correct the line that the message names.',
    event: events.wrongConfiguration,
  },
  'auth-file-outdated': {
    meaning: 'The SCRAM secret of a user in the auth file is not the one of the database.',
    remedy: 'Copy it from `pg_authid` again: it changes whenever the password is set.',
  },
  'auth-file-unusable': {
    meaning: 'The auth file cannot be read, or others than its owner can.',
    remedy: 'Make it a file of mode 0600 that belongs to the user of the server.',
    event: events.wrongConfiguration,
  },
  'channel-binding-impossible': {
    meaning:
      'An application binds its login to the certificate that it sees, which is not the one of the database.',
    remedy:
      'Show the certificate of the database, or use `auth_file`, or `channel_binding=disable`: docs/guide/tls.md.',
  },
  'password-wrong': {
    meaning: 'An application has a wrong password for a user of the auth file.',
    remedy: 'Correct the password, in the application or in the auth file.',
  },
  'scram-failed': {
    meaning:
      'The database did not keep to SCRAM when acra-server logged in, or does not know the secret.',
    remedy: 'Compare the auth file with the database, and see that the database is the right one.',
  },
  'no-client-id': {
    meaning: 'Nobody has said which client a connection belongs to, so that it is refused.',
    remedy: 'Set `client_id`, or let clients show certificates: docs/guide/tls.md.',
  },
  'tls-required': {
    meaning: 'An application came without TLS where `tls_client_required` is set.',
    remedy: 'Connect with `sslmode=verify-full`, or at least `require`.',
  },
  'unknown-protocol': {
    meaning: 'A connection begins with a version of the protocol that does not exist.',
    remedy: 'See what connects there: versions 3.0 to 3.2 are spoken.',
  },
  'redis-settings': {
    meaning: 'The address of Redis is none.',
    remedy: 'Write `redis_host_port` as host:port.',
  },
  'redis-unavailable': {
    meaning: 'Redis does not answer.',
    remedy: 'Check that it runs, its address, and whether it wants TLS.',
  },
  'redis-refused': {
    meaning: 'Redis answers, and says no.',
    remedy: 'Check user, password, the number of the database, and the rights of the user.',
  },
  'transform-key-missing': {
    meaning: 'There is no key to protect a value of a column with.',
    remedy: 'Make the keys of the client id with `acra-keymaker`.',
    event: events.cannotEncryptData,
  },
  'transform-not-encrypted': {
    meaning: 'A value could not be encrypted; it was not sent.',
    remedy: 'Read the cause.',
    event: events.cannotEncryptData,
  },
  'transform-not-hashed': {
    meaning:
      'A value has no search hash, by which it is stored and found; the statement was not sent.',
    remedy:
      'Make the search key of the client id with `acra-keymaker`; of an envelope, check whose it is.',
    event: events.cannotEncryptData,
  },
  'token-store-damaged': {
    meaning: 'A record or a file of tokens is not what it should be.',
    remedy: 'Restore the store of tokens from a backup.',
  },
  'token-store-misconfigured': {
    meaning: 'The options do not name one store of tokens.',
    remedy: 'Give either --token_db or --redis_host_port.',
  },
  'token-store-unavailable': {
    meaning: 'The store of tokens cannot be opened, read or written.',
    remedy:
      'Check that Redis answers, or that the file and its folder can be written by the user of the program.',
  },
  'transform-not-tokenized': {
    meaning: 'A value has no token, and could get none; the statement was not sent.',
    remedy:
      'Read the cause: the store of tokens, the keys of the client id, a value of another type, or a disabled token.',
    event: events.cannotEncryptData,
  },
  'transform-not-opened': {
    meaning:
      'A value looks like an envelope, and the keys that tell whether it is one could not be had; it was not sent.',
    remedy: 'Check that the keystore and what protects it can be reached.',
    event: events.cannotEncryptData,
  },
  'too-many-connections': {
    meaning: 'There are as many connections as a limit of acra-server allows.',
    remedy: 'Raise the limit that the line names, or let applications use fewer connections.',
    event: events.limitExceeded,
  },
  'tool-refused': {
    meaning: 'What a tool was asked for cannot be done.',
    remedy: 'The message says why.',
  },
  'usage-invalid': {
    meaning: 'The command line cannot be understood.',
    remedy: 'The message names the flag; `--help` lists all of them.',
  },
  'value-not-of-type': {
    meaning:
      'A value for a protected column is none of the type that the encryptor config has for it.',
    remedy: 'Give a value of that type, or change `data_type` in the encryptor config.',
    event: events.statementRefused,
  },
  'workers-end-at-once': {
    meaning: 'The worker processes end again and again before they can serve.',
    remedy:
      'Look at their last lines; start with `--workers=1` to see the error of the one process.',
    event: events.cannotStartService,
  },
  'poison-record-found': {
    meaning: 'A poison record is in the answer, and it must not go on to the client.',
    remedy: 'Treat it as an intrusion: see code 587.',
    event: events.poisonRecordFound,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>

/** The codes of all errors that the packages throw on purpose. */
export const errorCodes: Readonly<Record<string, ErrorEntry>> = {
  ...explainErrorCodes,
  ...schemaErrorCodes,
  ...tlsErrorCodes,
  ...auditErrorCodes,
  ...translatorErrorCodes,
  ...webUserErrorCodes,
  ...cryptoErrorCodes,
  ...keystore,
  ...suite,
}
