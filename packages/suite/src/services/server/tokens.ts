import type { Environment } from '../../keystore/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { ConfigurationError } from '../../options/index.ts'
import { isInMemory, openTokenStore } from '../../tokens/index.ts'
import type { TokenUse } from '../../transform/index.ts'
import { tokensIn } from '../tokens/index.ts'
import type { ServerOptions } from './options.ts'

/**
 * The store of tokens: that which is `open` already, since it is kept through reloads, or a new one. A file is made at once, also while no column
 * is tokenized; elsewhere that is null where none is open. Throws where it cannot be opened.
 */
export async function tokensFor(
  options: ServerOptions,
  tokenizes: boolean,
  open: TokenUse | null,
  log: Logger,
  environment: Environment,
): Promise<TokenUse | null> {
  const { restore } = options
  if (restore) log.event(events.restoring)
  if (tokenizes && isInMemory(options)) tellOfMemory(options, open !== null, log)
  if (open !== null) return { ...open, restores: restore }
  if (!tokenizes && options.token_db === '') return null
  const store = await openTokenStore(options, environment, (sentence) => log.warning(sentence))
  return tokensIn(store, restore)
}

function tellOfMemory({ workers }: ServerOptions, isOpen: boolean, log: Logger): void {
  if (workers > 1) {
    const text =
      'workers: tokens would be in the memory of each process: name a store with --token_db or --redis_db_tokens'
    throw new ConfigurationError([{ origin: null, text }])
  }
  if (isOpen) return
  log.warning(
    'Tokens are kept in memory and are lost when the server stops: name a store with --token_db or --redis_db_tokens',
  )
}
