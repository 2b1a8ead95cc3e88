import { isClientId } from '../../keystore/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { ConfigurationError } from '../../options/index.ts'
import { OperationError } from './operation-error.ts'
import type { TranslatorOptions } from './options.ts'

/** Whose keys a gRPC request works with, by the client id of its connection and the one that it names. Throws OperationError. */
export type ClientIdOf = (connectionId: string, named: string) => string

/**
 * By default the connection says it. Clients of the original, whose certificate says nothing of their client id, may name one; those that may be
 * named can be listed. Throws ConfigurationError. spec: acra-translator §3
 */
export function clientIdsBy(options: TranslatorOptions, log: Logger): ClientIdOf {
  const {
    acratranslator_client_id_from_connection_enable: isFromConnection,
    acratranslator_client_id_allow_list: list,
  } = options
  const allowed = new Set(list.split(',').map((id) => id.trim()))
  allowed.delete('')
  if (isFromConnection) {
    if (allowed.size === 0) return (connectionId) => connectionId
    throw wrong('has no effect unless acratranslator_client_id_from_connection_enable=false')
  }
  if (allowed.size === 0) {
    log.warning(
      'Every client can name any client id in gRPC requests, and so use its keys: list those that may be named with --acratranslator_client_id_allow_list',
    )
    return (_, named) => named
  }
  for (const id of allowed) if (!isClientId(id)) throw wrong(`"${id}" is no client id`)
  return (connectionId, named) => {
    if (named === '' || named === connectionId || allowed.has(named)) return named
    const error = new OperationError('client-id-refused', 'clientID is not allowed')
    const asked = isClientId(named) ? { named_client_id: named } : {}
    log.event(events.cannotDoOperation, { client_id: connectionId, ...asked, error })
    throw error
  }
}

function wrong(text: string): ConfigurationError {
  const name = 'acratranslator_client_id_allow_list'
  return new ConfigurationError([{ origin: null, text: `${name}: ${text}` }])
}
