import type { Socket } from 'node:net'
import { BufferSink } from '../../foundation/index.ts'
import { ConnectionRefused } from '../../proxy/postgres/index.ts'
import { type ErrorReport, encodeErrorResponse } from '../../wire/postgres/index.ts'
import type { ReachedLimit } from './admission.ts'

/** How long a client may take to read why it is not let in. */
const LINGER_MS = 1000

/** There is no room for a connection; `limit` is the option that says so. */
export class TooManyConnections extends ConnectionRefused {
  readonly limit: ReachedLimit

  constructor(limit: ReachedLimit) {
    super('too-many-connections', report(limit))
    this.limit = limit
  }
}

/** Tells a client, which has not said anything yet, that there is no room, and lets it go. */
export function turnAway(socket: Socket): void {
  const sink = new BufferSink()
  encodeErrorResponse(report('max_connections_starting'), sink)
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => clearTimeout(timer))
  // Closing with bytes unread would reset the connection and could lose what we say.
  socket.resume()
  socket.end(sink.take())
}

function report(limit: ReachedLimit | 'max_connections_starting'): ErrorReport {
  return {
    severity: 'FATAL',
    sqlState: '53300',
    message: 'too many connections',
    hint: `The limit is ${limit} of acra-server.`,
  }
}
