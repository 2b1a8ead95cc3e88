/**
 * PostgreSQL's conversation: where the messages of `wire`, the plans made of `sql` and the columns of `transform` meet.
 * Never here: sockets, options, logs.
 */
export {
  type ClientTls,
  ConnectionRefused,
  type Identity,
  PostgresConnection,
} from './connection.ts'
export type { ConversationObserver, ConversationSettings } from './conversation-settings.ts'
export { type DatabaseDialSettings, dialDatabase } from './database-dial.ts'
export { postgresNames } from './names.ts'
export { Planner, type PlannerSettings } from './planner.ts'
