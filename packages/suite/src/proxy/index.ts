/**
 * What carries a connection, whatever the database: the relay between two sockets, plans by statement, the columns of a
 * configuration. A database's own part is in a folder of its name.
 */
export { ColumnTable, type PlannedColumn } from './columns.ts'
export type { Conversation, Side } from './conversation.ts'
export {
  ClosedError,
  type Link,
  Relay,
  type RelayEnd,
  type RelayLimits,
  TimeoutError,
} from './relay.ts'
export { Watch } from './watch.ts'
