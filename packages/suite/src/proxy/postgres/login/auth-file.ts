import { AcraError } from '../../../foundation/index.ts'
import { parseScramSecret, type ScramSecret } from './scram.ts'

/** What a file knows of a user. */
export type Credential =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'scram'; readonly secret: ScramSecret }
  /** `md5` and the hex digits of MD5(password and user): good for md5 authentication alone. */
  | { readonly kind: 'md5'; readonly hash: string }

/** An auth file that cannot be read, with the line. */
export class AuthFileError extends AcraError {
  constructor(file: string, line: number, problem: string) {
    super('auth-file-invalid', `${file}:${line}: ${problem}`)
  }
}

const USERS_MAX = 1_000_000
/** An entry: two strings in double quotes, a doubled quote inside for one; what follows on the line is ignored. */
const ENTRY = /^\s*"((?:[^"]|"")*)"\s+"((?:[^"]|"")*)"/

/**
 * Reads the users of a file in the form of PgBouncer's `userlist.txt`: a line each, `"user" "password"`, where the password may be a SCRAM
 * secret as pg_authid shows it, or an md5 hash. Lines that begin with `;` or `#` are comments. Throws AuthFileError.
 */
export function parseAuthFile(text: string, file: string): ReadonlyMap<string, Credential> {
  const users = new Map<string, Credential>()
  text.split('\n').forEach((line, index) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith(';') || trimmed.startsWith('#')) return
    const match = ENTRY.exec(line)
    const fail = (problem: string) => new AuthFileError(file, index + 1, problem)
    if (match === null) throw fail('expected "user" "password"')
    const [user, password] = [unquoted(match[1]!), unquoted(match[2]!)]
    if (user === '') throw fail('the name of the user is empty')
    if (users.has(user)) throw fail(`user "${user}" is listed twice`)
    if (users.size === USERS_MAX) throw fail(`more than ${USERS_MAX} users`)
    const credential = credentialOf(password)
    if (credential === null) throw fail(`the SCRAM secret of user "${user}" cannot be read`)
    users.set(user, credential)
  })
  return users
}

function unquoted(text: string): string {
  return text.replaceAll('""', '"')
}

function credentialOf(password: string): Credential | null {
  if (password.startsWith('SCRAM-SHA-256$')) {
    const secret = parseScramSecret(password)
    return secret === null ? null : { kind: 'scram', secret }
  }
  if (/^md5[0-9a-f]{32}$/.test(password)) return { kind: 'md5', hash: password.slice(3) }
  return { kind: 'password', password }
}
