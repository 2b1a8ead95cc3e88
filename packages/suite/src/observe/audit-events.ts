import type { Event } from './event.ts'

/** What is logged for the audit, at every level where there is an audit log; and what can go wrong with that log. */
export const auditEvents = {
  clientLoggedIn: {
    code: 2100,
    level: 'info',
    isAudited: true,
    message: 'Client logged in',
    meaning:
      'A connection has come through the login of the database, as the user `user` of `database`.',
    remedy: 'Nothing.',
  },
  callerArrived: {
    code: 2102,
    level: 'info',
    isAudited: true,
    message: 'Connection came through its transport',
    meaning:
      'A caller of acra-translator has shown who it is, as `client_id` where its transport tells one.',
    remedy: 'Nothing.',
  },
  configurationRead: {
    code: 2101,
    level: 'info',
    isAudited: true,
    message: 'Configuration was read again',
    meaning:
      'A SIGHUP made the program read its configuration anew. `changed` names the options that have other values now.',
    remedy: 'Nothing.',
  },
  keyMade: {
    code: 2110,
    level: 'info',
    message: 'Key was made',
    meaning: 'A new key, or a new version of a key, is in the keystore: `key_id`.',
    remedy: 'Nothing.',
  },
  keyDestroyed: {
    code: 2111,
    level: 'warning',
    message: 'Key was destroyed',
    meaning: 'A version of a key is gone for good. What only that version opens is lost.',
    remedy: 'If nobody meant it: bring it back from a backup of the keystore.',
  },
  keysExported: {
    code: 2112,
    level: 'info',
    message: 'Keys were exported',
    meaning:
      'Keys were written into a bundle or a backup; `private_keys` says whether with their secrets.',
    remedy: 'Know where the bundle is, and where its secret.',
  },
  keysImported: {
    code: 2113,
    level: 'info',
    message: 'Keys were imported',
    meaning: 'Keys of a bundle or a backup are in the keystore.',
    remedy: 'Nothing.',
  },
  keyRead: {
    code: 2114,
    level: 'info',
    message: 'Key was read out',
    meaning: 'The bytes of a key were printed: `key_id`; `part` says which half.',
    remedy: 'If it was a secret: know who has seen it.',
  },
  masterKeyMade: {
    code: 2115,
    level: 'info',
    message: 'Master key was made',
    meaning: 'A new master key is in the file, or in the hardware security module.',
    remedy: 'Nothing.',
  },
  masterKeyChanged: {
    code: 2116,
    level: 'info',
    message: 'Master key was changed',
    meaning: 'The keys of the keystore are wrapped under another master key now.',
    remedy: 'Start every program with the new master key.',
  },
  keysMigrated: {
    code: 2117,
    level: 'info',
    message: 'Keys were migrated',
    meaning: 'The keys of a keystore were carried into one of another version.',
    remedy: 'Nothing.',
  },
  publicKeysRecovered: {
    code: 2118,
    level: 'info',
    message: 'Public keys were recovered',
    meaning: 'Public halves of pairs were written again, from their private halves.',
    remedy: 'Nothing.',
  },
  webUserSet: {
    code: 2120,
    level: 'info',
    message: 'User of the web console was set',
    meaning: 'acra-authmanager has added the user `user`, or given it another password.',
    remedy: 'Nothing.',
  },
  webUserRemoved: {
    code: 2121,
    level: 'info',
    message: 'User of the web console was removed',
    meaning: 'acra-authmanager has removed the user `user`.',
    remedy: 'Nothing.',
  },
  auditLogCorrupted: {
    code: 2130,
    level: 'error',
    message: 'Specified logs are corrupted',
    meaning:
      'acra-log-verifier has found that lines of an audit log were changed, removed, added or moved, or that a chain has no end.',
    remedy:
      'Keep the files as they are. Read `error`, and compare with copies of the log and its checkpoints from elsewhere.',
  },
  cannotMakeCheckpoint: {
    code: 2131,
    level: 'error',
    message: "Can't write checkpoint of audit log",
    meaning:
      'A checkpoint could not be written; the lines it is about get one as soon as it is possible again.',
    remedy: 'Read `error`: mostly the disk is full.',
  },
  linesWithoutCheckpoint: {
    code: 2132,
    level: 'warning',
    message: 'Lines of audit log have no checkpoint',
    meaning:
      'The line that the last checkpoint ends with is not in the log file. Lines that were written behind it, before the program ended without a checkpoint, are in none.',
    remedy:
      'If the program was killed and the log was moved since: nothing. Otherwise find out where the lines are.',
  },
} as const satisfies Readonly<Record<string, Event>>
