import { AcraError } from '../../foundation/index.ts'

export type RedisErrorCode = 'redis-settings' | 'redis-unavailable' | 'redis-refused'

/** Redis cannot be asked, or says no. The message names the address and the reason, never what was asked. */
export class RedisError extends AcraError {
  declare readonly code: RedisErrorCode

  constructor(code: RedisErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
