/** The clock and the random bytes that the tokens of a service are made with. Never here: where they are kept. */
import { nodePrimitives } from '@acra-ts/crypto/node'
import type { TokenStore } from '../../tokens/index.ts'
import type { TokenUse } from '../../transform/index.ts'

/** Tokens in `store`, by the clock of this machine. `restores`: values that are known tokens are kept. */
export function tokensIn(store: TokenStore, restores = false): TokenUse {
  return {
    store,
    now: () => Math.floor(Date.now() / 1000),
    random: (size) => nodePrimitives.random(size),
    restores,
  }
}
