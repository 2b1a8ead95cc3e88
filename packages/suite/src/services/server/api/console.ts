import { open } from 'node:fs/promises'
import { AcraError } from '../../../foundation/index.ts'
import { type Keystore, KeystoreError } from '../../../keystore/index.ts'
import { events, type Logger } from '../../../observe/index.ts'
import { AuthFileError, openAuthFile } from '../../web-users/index.ts'
import type { ServerOptions } from '../options.ts'
import { apiAddress } from './address.ts'

const AUTH_FILE_SIZE_MAX = 16 * 1024 * 1024

/** What acra-webconfig asks for. spec: acra-webconfig §3 */
export interface ConsoleSettings {
  readonly authFile: string
  /** The answer to `/getConfig`. */
  readonly config: {
    readonly db_host: string
    readonly db_port: number
    readonly incoming_connection_api_port: number
    readonly debug: boolean
    readonly poison_run_script_file: string
    readonly poison_shutdown_enable: boolean
    readonly zonemode_enable: boolean
  }
}

export function consoleSettings(options: ServerOptions, log: Logger): ConsoleSettings {
  const { db_host, db_port, poison_run_script_file, poison_shutdown_enable, zonemode_enable } =
    options
  const address = apiAddress(options)
  return {
    authFile: options.auth_keys,
    config: {
      db_host,
      db_port,
      incoming_connection_api_port: address.kind === 'tcp' ? address.port : 0,
      debug: log.enabled('debug'),
      poison_run_script_file,
      poison_shutdown_enable,
      zonemode_enable,
    },
  }
}

/** The file of users is too large, or no file. */
class AuthFileUnreadable extends AcraError<'auth-file-unusable'> {
  constructor() {
    super(
      'auth-file-unusable',
      `the file of users is no file of at most ${AUTH_FILE_SIZE_MAX} bytes`,
    )
  }
}

/** The users of the web console, a line each: their names, salts and hashes. */
export async function readUsers(path: string, keystore: Keystore): Promise<string> {
  const file = await open(path, 'r')
  try {
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > AUTH_FILE_SIZE_MAX) throw new AuthFileUnreadable()
    return await openAuthFile(await file.readFile(), keystore)
  } finally {
    await file.close()
  }
}

export function tellUsersFailed(error: unknown, log: Logger): void {
  const isKey =
    error instanceof KeystoreError ||
    (error instanceof AuthFileError && error.code === 'auth-key-missing')
  if (isKey) log.event(events.cannotLoadAuthKey, { error })
  else if (error instanceof AuthFileError) log.event(events.cannotDecryptAuthData, { error })
  else log.event(events.cannotReadAuthFile, { error })
}
