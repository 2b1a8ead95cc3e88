import type { OnReadOpts, Socket } from 'node:net'
import { type Address, askForByte, dial } from '../../net/index.ts'
import { type TlsClient, TlsError, type Verification } from '../../net/tls/index.ts'
import { encodeSslRequest } from '../../wire/postgres/index.ts'

/** `tls_database_mode`: the words are libpq's; `auto` uses TLS exactly when the client does. */
export type DatabaseTlsMode =
  | 'auto'
  | 'disable'
  | 'prefer'
  | 'require'
  | 'verify-ca'
  | 'verify-full'

/** Where the database is, and how to speak to it. */
export interface DatabaseDialSettings {
  readonly address: Address
  /** Null where TLS is never used. */
  readonly tls: { readonly mode: DatabaseTlsMode; readonly client: TlsClient } | null
  /** For all of connecting, TLS included. */
  readonly timeoutMs: number
}

/** TLS to ask for: whether a database without it will do, and how far its certificate is checked. */
interface TlsWish {
  readonly isRequired: boolean
  readonly verification: Verification
}

const wishes: Readonly<Record<Exclude<DatabaseTlsMode, 'auto'>, TlsWish | null>> = {
  disable: null,
  prefer: { isRequired: false, verification: 'none' },
  require: { isRequired: true, verification: 'none' },
  'verify-ca': { isRequired: true, verification: 'chain' },
  'verify-full': { isRequired: true, verification: 'full' },
}

const YES = 0x53
const NO = 0x4e

/**
 * Connects to a database, with TLS where the mode says so. Only a socket without TLS reads by
 * `onread`, and only where none was asked for; without one it is an ordinary stream. It must be given an `error` listener at once. Throws DialError and TlsError.
 */
export async function dialDatabase(
  { address, tls, timeoutMs }: DatabaseDialSettings,
  onread: OnReadOpts | null,
  clientIsSecured: boolean,
): Promise<Socket> {
  // A unix socket leaves the machine by nobody's hands: it never has TLS, as in libpq.
  const wish = tls === null || address.kind === 'unix' ? null : wishOf(tls.mode, clientIsSecured)
  if (tls === null || wish === null)
    return dial(address, { timeoutMs, ...(onread === null ? {} : { onread }) })
  const deadline = performance.now() + timeoutMs
  const left = () => Math.max(0, deadline - performance.now())
  const socket = await dial(address, { timeoutMs })
  const answer = await askForByte(socket, encodeSslRequest(), left())
  if (answer === YES) return tls.client.connect(socket, wish.verification, left())
  if (answer === NO && !wish.isRequired) return socket
  socket.destroy()
  throw noTls(answer, tls.mode)
}

function wishOf(mode: DatabaseTlsMode, clientIsSecured: boolean): TlsWish | null {
  if (mode !== 'auto') return wishes[mode]
  return clientIsSecured ? wishes['verify-full'] : null
}

function noTls(answer: number, mode: DatabaseTlsMode): TlsError {
  // An error message of a server that has not proved who it is would be believed: it is not even read.
  if (answer !== NO) {
    return new TlsError(
      'tls-connect-failed',
      'the database did not answer the request for TLS',
      null,
    )
  }
  const why = mode === 'auto' ? 'auto asks for it when the client uses TLS' : `the mode is ${mode}`
  return new TlsError(
    'tls-connect-failed',
    `the database does not offer TLS, and ${why}`,
    'Turn it on in the database (ssl = on); or set --tls_database_mode=disable where nobody can listen in between.',
  )
}
