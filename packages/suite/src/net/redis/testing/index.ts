/** A real Redis for tests. */
export { RedisServer, type RedisServerSettings } from './redis-server.ts'
