import { DialError } from '../../../net/index.ts'
import { ConnectionRefused } from '../../../proxy/postgres/index.ts'
import { EncryptorConfigError } from '../../../transform/index.ts'
import { AccountError } from './account.ts'

/** SQLSTATE: there is no such database. What is said of it is what the client would have heard without us. */
const NO_DATABASE = '3D000'
/** SQLSTATEs of a database that starts, ends, or has no room: classes 57P0x, 53 and 08. */
const PASSING = /^(57P0|53|08)/

/** What a client hears where the schema of its database is not known; the log says more. */
export function connectionRefusal(error: unknown, database: string): ConnectionRefused {
  if (error instanceof ConnectionRefused) return error
  const cause = error as Error
  if (error instanceof AccountError && error.sqlState === NO_DATABASE)
    return refused(NO_DATABASE, error.message, null, cause)
  if (error instanceof EncryptorConfigError)
    return refused(
      '57P03',
      `the encryptor config of acra-server contradicts the database "${database}"`,
      'The log of acra-server says where.',
      cause,
    )
  return refused(
    '57P03',
    `acra-server could not learn the schema of the database "${database}"`,
    'The log of acra-server says what is in the way. Try again.',
    cause,
  )
}

function refused(sqlState: string, message: string, hint: string | null, cause: Error) {
  const report = { severity: 'FATAL', sqlState, message, hint } as const
  return new ConnectionRefused('schema-not-known', report, { cause })
}

/** True for what goes away by itself: the database does not answer, or has no room. */
export function isPassing(error: unknown): boolean {
  if (error instanceof DialError) return true
  if (!(error instanceof AccountError)) return false
  return error.sqlState === null || PASSING.test(error.sqlState)
}
