import { ConnectionRefused } from '../connection-refused.ts'
import type { ScramError } from './scram.ts'

/** A client that insists on channel binding, where it cannot work. */
export function unbindable(): ConnectionRefused {
  return new ConnectionRefused('channel-binding-impossible', {
    severity: 'FATAL',
    sqlState: '28000',
    message:
      'channel binding cannot pass through acra-server, which uses TLS on both sides with different certificates',
    hint:
      'Give acra-server the certificate of the database (--tls_client_cert), or name the user in its --auth_file, ' +
      'or connect with channel_binding=disable.',
  })
}

/** Worded as PostgreSQL does, which does not tell either what was wrong. */
export function passwordWrong(user: string, cause: ScramError): ConnectionRefused {
  const report = {
    severity: 'FATAL',
    sqlState: '28P01',
    message: `password authentication failed for user "${user}"`,
    hint: null,
  } as const
  return new ConnectionRefused('password-wrong', report, { cause })
}

/** The auth file and the database have different secrets for the same user, perhaps of the same password. */
export function otherSecret(user: string): ConnectionRefused {
  return new ConnectionRefused('auth-file-outdated', {
    severity: 'FATAL',
    sqlState: '28000',
    message: `the secret of user "${user}" in the auth file of acra-server is not the one of the database`,
    hint: 'Copy it from pg_authid again: it changes whenever the password is set, to the same one too.',
  })
}
