import { isClientId, KeystoreError } from '../../keystore/index.ts'
import { events } from '../../observe/index.ts'
import { ConfigurationError } from '../../options/index.ts'
import { apiAddress } from './api/index.ts'
import { listenAddress } from './listening.ts'
import type { ServerOptions } from './options.ts'
import { checkSchemaOptions } from './schema/index.ts'
import { checkTlsOptions } from './tls.ts'

/** Throws where the options cannot be used, before anything is opened. */
export function checkOptions(options: ServerOptions): void {
  if (options.db_host === '') {
    throw wrong('db_host is empty: name the host of the database with --db_host')
  }
  if (options.client_id !== '' && !isClientId(options.client_id)) {
    throw new KeystoreError(
      'keystore-owner-invalid',
      `client_id: ${events.invalidClientId.message}`,
    )
  }
  if (!isClientId(options.securesession_id)) {
    throw wrong(`securesession_id: ${events.invalidClientId.message}`)
  }
  listenAddress(options)
  apiAddress(options)
  checkTlsOptions(options)
  checkSchemaOptions(options)
}

function wrong(text: string): ConfigurationError {
  return new ConfigurationError([{ origin: null, text }])
}
