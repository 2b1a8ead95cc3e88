import type { Event } from './event.ts'

/** What acra-server tells of the schemas that it learns from databases. */
export const schemaEvents = {
  schemaLearned: {
    code: 2060,
    level: 'info',
    message: 'Schema of database learned',
    meaning:
      'Tables, views and columns of the database were learned from it, for the first time or since they have changed.',
    remedy: 'Nothing.',
  },
  schemaNotLearned: {
    code: 2061,
    level: 'error',
    message: "Can't learn schema of database",
    meaning:
      'The account of `schema_introspection_user` could not ask the database. Where `refuses` is true, connections or statements are refused until it can; else what was known goes on.',
    remedy:
      'Read `error`: the password, the right to connect, TLS, or whether the database is there.',
  },
  schemaContradicts: {
    code: 2062,
    level: 'error',
    message: 'Encryptor config contradicts database',
    meaning:
      'The encryptor config says of a table what is not so in the database. At the first look the connections to that database are refused; later on, when the database has changed, the statements that it is about.',
    remedy:
      'Correct the encryptor config at the places that `error` names and send SIGHUP, or correct the database.',
  },
  connectionWithoutSchema: {
    code: 2063,
    level: 'warning',
    message: 'Connection refused: schema of database not known',
    meaning: 'A connection is to a database whose schema could not be learned.',
    remedy: 'See event 2061 or 2062 before this line.',
  },
} as const satisfies Readonly<Record<string, Event>>
