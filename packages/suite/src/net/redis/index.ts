/**
 * A connection to Redis: where it is, how to log in, commands and their answers. What is kept there is not known here.
 */
export { redisAddress, redisOptions } from './options.ts'
export { RedisConnection, type RedisReply } from './redis-connection.ts'
export { RedisError, type RedisErrorCode } from './redis-error.ts'
