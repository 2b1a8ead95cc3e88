import type { Socket } from 'node:net'
import type { Logger } from '../../observe/index.ts'
import type { Relay } from '../../proxy/index.ts'
import type { PostgresConnection } from '../../proxy/postgres/index.ts'
import type { Arrival } from '../transport/index.ts'
import type { Protection } from './protection.ts'

/** One connection of a server, from its accept to its end. */
export interface ServedConnection {
  readonly protection: Protection
  clientId: string | null
  log: Logger
  /** As it was accepted. */
  readonly socket: Socket
  /** Null as long as the connection is on its way through its transport. */
  relay: Relay | null
  conversation: PostgresConnection | null
  /** True where the transport has shown whose connection it is. */
  isIdentified: boolean
  isStarting: boolean
  /** Who it logs in as. */
  login: { readonly user?: string; readonly database?: string }
  isAdmitted: boolean
  /** Takes it from the count of those that plan by the schema of their database. */
  leaveDatabase: () => void
  /** Counts the connection as ended. */
  readonly count: () => void
}

/** Takes the client id that a transport has shown. */
export function identify(connection: ServedConnection, { clientId, transport }: Arrival): void {
  connection.isIdentified = transport !== 'raw' && clientId !== null
  if (clientId === null) return
  connection.clientId = clientId
  connection.log = connection.log.with({ client_id: clientId })
}

/** Ends it at once, however far it has come. */
export function breakOff({ socket, relay }: ServedConnection): void {
  if (relay === null) socket.destroy()
  else relay.destroy()
}
