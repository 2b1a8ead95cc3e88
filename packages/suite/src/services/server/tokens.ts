import type { Environment } from '../../keystore/index.ts'
import type { Logger } from '../../observe/index.ts'
import { ConfigurationError } from '../../options/index.ts'
import { isInMemory, openTokenStore } from '../../tokens/index.ts'
import type { TokenUse } from '../../transform/index.ts'
import { tokensIn } from '../tokens/index.ts'
import type { ServerOptions } from './options.ts'

/**
 * The store of tokens for a configuration that tokenizes a column: the one that is `open` already, since it is kept through reloads, or a new
 * one. Null where there is none and none is needed. Throws where it cannot be opened.
 */
export async function tokensFor(
  options: ServerOptions,
  tokenizes: boolean,
  open: TokenUse | null,
  log: Logger,
  environment: Environment,
): Promise<TokenUse | null> {
  if (open !== null || !tokenizes) return open
  if (isInMemory(options)) {
    if (options.workers > 1) {
      const text =
        'workers: tokens would be in the memory of each process: name a store with --token_db or --redis_db_tokens'
      throw new ConfigurationError([{ origin: null, text }])
    }
    log.warning(
      'Tokens are kept in memory and are lost when the server stops: name a store with --token_db or --redis_db_tokens',
    )
  }
  return tokensIn(await openTokenStore(options, environment, (sentence) => log.warning(sentence)))
}
