import type { Snapshot } from '../../../observe/index.ts'
import type { ReachedLimit } from '../admission.ts'
import type { ServerOptions } from '../options.ts'
import type { ChangedNames } from '../schema/index.ts'
import type { TransportedError } from './transported-error.ts'

/** Whom a connection has come to: the database, or the HTTP API. */
export type Front = 'database' | 'api'

/** What the supervisor says to a worker. A `connection` carries a socket. */
export type ToWorker =
  | {
      readonly kind: 'start'
      /** Part of the names of its sessions; no other worker of this supervisor ever has it. */
      readonly worker: number
      readonly options: ServerOptions
    }
  | { readonly kind: 'connection'; readonly id: number; readonly front: Front }
  | { readonly kind: 'forget-keys' }
  /** The answer to `reset-keys`: whether all workers have said that they did. */
  | { readonly kind: 'keys-reset'; readonly id: number; readonly isComplete: boolean }
  /** Relations of a database have changed: learn them anew. */
  | { readonly kind: 'relearn'; readonly database: string; readonly names: ChangedNames }
  /** The answer to `schema-changed`: whether all other workers have said that they know it. */
  | { readonly kind: 'schema-known'; readonly id: number; readonly isComplete: boolean }
  | { readonly kind: 'entered'; readonly id: number; readonly limit: ReachedLimit | null }
  | { readonly kind: 'reload'; readonly options: ServerOptions }
  | { readonly kind: 'collect' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop' }

/** What a worker says to the supervisor. */
export type ToSupervisor =
  | { readonly kind: 'ready'; readonly protectsColumns: boolean }
  | { readonly kind: 'failed'; readonly error: TransportedError }
  /** The socket of the connection `id` has arrived: nothing of it was read before. */
  | { readonly kind: 'taken'; readonly id: number }
  | { readonly kind: 'closed' }
  /** The whole service has to end at once, with exit code 1. */
  | { readonly kind: 'shut-down' }
  | { readonly kind: 'enter'; readonly id: number; readonly clientId: string | null }
  | { readonly kind: 'leave'; readonly clientId: string | null }
  | { readonly kind: 'reloaded'; readonly error: TransportedError | null }
  | { readonly kind: 'snapshot'; readonly cells: Snapshot }
  | { readonly kind: 'pong' }
  /** All workers shall forget their keys. */
  | { readonly kind: 'reset-keys'; readonly id: number }
  | { readonly kind: 'forgot-keys' }
  /** A connection has changed the schema of a database: all other workers shall learn it anew. */
  | {
      readonly kind: 'schema-changed'
      readonly id: number
      readonly database: string
      readonly names: ChangedNames
    }
  /** The answer to the oldest `relearn` that has none. */
  | { readonly kind: 'relearned' }
