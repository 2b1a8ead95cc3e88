/**
 * PostgreSQL's conversation: where the messages of `wire`, the plans made of `sql` and the columns of `transform` meet.
 * Never here: sockets, options, logs.
 */
export {
  type ClientArrival,
  type ClientTls,
  type Entrance,
  type Identity,
  PostgresConnection,
} from './connection.ts'
export { ConnectionRefused } from './connection-refused.ts'
export type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
export { type DatabaseDialSettings, dialDatabase } from './database-dial.ts'
export type { LearnedSchema } from './learned-schema.ts'
export { type Credential, parseAuthFile } from './login/index.ts'
export { Planner, type PlannerSettings } from './planner.ts'
export { postgresTraits } from './traits.ts'
