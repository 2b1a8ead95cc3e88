import type { Event } from './event.ts'

/** The events of acra-server's HTTP API. */
export const apiEvents = {
  cannotMakeZone: {
    code: 590,
    level: 'error',
    message: "Can't generate zone",
    meaning:
      'A zone that was asked for by the HTTP API could not be made; the caller got status 500.',
    remedy: 'Read `error`: mostly the keystore cannot be written by acra-server.',
  },
  cannotLoadAuthKey: {
    code: 591,
    level: 'error',
    message: "Can't load authentication key",
    meaning: 'The key of the users of the web console is missing or cannot be read.',
    remedy: 'Read `error`; `acra-keymaker --generate_acrawebconfig_keys` makes the key.',
  },
  cannotReadAuthFile: {
    code: 592,
    level: 'error',
    message: "Can't load users of the web console",
    meaning: 'The file in `auth_keys` cannot be read.',
    remedy: 'Read `error`; `acra-authmanager` makes the file.',
  },
  cannotDecryptAuthData: {
    code: 593,
    level: 'error',
    message: "Can't decrypt users of the web console",
    meaning: 'The file in `auth_keys` does not open with the authentication key.',
    remedy: 'Make the file anew with `acra-authmanager`, or bring back its key.',
  },
  usersGiven: {
    code: 2122,
    level: 'info',
    isAudited: true,
    message: 'Users of the web console were given by the HTTP API',
    meaning: 'A caller, mostly acra-webconfig, got the names and password hashes of all users.',
    remedy: 'Nothing, if it was acra-webconfig.',
  },
  zoneMade: {
    code: 2050,
    level: 'info',
    isAudited: true,
    message: 'Zone was made by the HTTP API',
    meaning: 'The keys of a new zone, `zone_id`, are in the keystore.',
    remedy: 'Nothing.',
  },
  keysReset: {
    code: 2051,
    level: 'info',
    isAudited: true,
    message: 'Keys in memory were reset by the HTTP API',
    meaning: 'All processes of this acra-server read keys from the keystore anew.',
    remedy: 'Nothing.',
  },
  cannotResetKeys: {
    code: 2052,
    level: 'error',
    message: "Can't reset keys in memory",
    meaning:
      'A worker has not answered in time whether it has forgotten its keys; the caller of the HTTP API got status 500.',
    remedy: 'Ask again; a worker that stays silent is replaced after `worker_timeout`.',
  },
} as const satisfies Readonly<Record<string, Event>>
