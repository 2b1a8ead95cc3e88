import { events } from '../observe/index.ts'
import type { ErrorEntry } from './error-entry.ts'

/** The errors of schemas that are learned from databases. */
export const schemaErrorCodes: Readonly<Record<string, ErrorEntry>> = {
  'schema-account-failed': {
    meaning:
      "The database does not let the account of `schema_introspection_user` in, or broke off what it asked. The message is the database's.",
    remedy: 'Correct the user, its password, its right to connect, or `pg_hba.conf`.',
    event: events.schemaNotLearned,
  },
  'password-file-unusable': {
    meaning: 'The file of `schema_introspection_password_file` cannot be read, or others may.',
    remedy: 'Do what the message says.',
    event: events.wrongParameter,
  },
  'schema-not-known': {
    meaning:
      'A connection is to a database whose schema could not be learned, or which the encryptor config contradicts.',
    remedy: 'See event 2061 or 2062 in the log before it.',
    event: events.connectionWithoutSchema,
  },
  'too-many-databases': {
    meaning: 'Connections are to more databases at once than acra-server keeps schemas of.',
    remedy: 'Use several acra-servers.',
    event: events.limitExceeded,
  },
}
