import type { Soon } from '../../foundation/index.ts'
import type { ServerOptions } from './options.ts'

/** The option whose limit is reached. */
export type ReachedLimit = 'max_connections' | 'max_connections_per_client'

export interface ConnectionLimits {
  /** Connections of all clients. */
  readonly total: number
  /** Connections of one client id; 0 where only the total counts. */
  readonly perClient: number
}

export function connectionLimits(options: ServerOptions): ConnectionLimits {
  return { total: options.max_connections, perClient: options.max_connections_per_client }
}

/** Who is in, against the limits of the whole server. */
export interface Admission {
  /** Counts a connection in, and answers null; or answers the limit that does not let it in. */
  enter(clientId: string | null): Soon<ReachedLimit | null>
  /** A connection that was let in has ended. */
  leave(clientId: string | null): void
}

/** The count itself. */
export class ConnectionCount implements Admission {
  limits: ConnectionLimits
  #total = 0
  readonly #byClient = new Map<string | null, number>()

  constructor(limits: ConnectionLimits) {
    this.limits = limits
  }

  enter(clientId: string | null): ReachedLimit | null {
    const { total, perClient } = this.limits
    if (this.#total >= total) return 'max_connections'
    const count = this.#byClient.get(clientId) ?? 0
    if (perClient > 0 && clientId !== null && count >= perClient)
      return 'max_connections_per_client'
    this.#total++
    this.#byClient.set(clientId, count + 1)
    return null
  }

  leave(clientId: string | null): void {
    const count = this.#byClient.get(clientId) ?? 0
    if (count === 0) return
    this.#total--
    if (count === 1) this.#byClient.delete(clientId)
    else this.#byClient.set(clientId, count - 1)
  }
}
