import type { Socket } from 'node:net'
import { BufferSink } from '../../foundation/index.ts'
import { ConnectionRefused } from '../../proxy/postgres/index.ts'
import { type ErrorReport, encodeErrorResponse } from '../../wire/postgres/index.ts'
import type { ReachedLimit } from './admission.ts'

/** How long a client may take to read why it is not let in. */
const LINGER_MS = 1000
/** Clients that are being told at once, at most: each needs a descriptor. */
const LINGERING_MAX = 16

/** There is no room for a connection; `limit` is the option that says so. */
export class TooManyConnections extends ConnectionRefused {
  readonly limit: ReachedLimit

  constructor(limit: ReachedLimit) {
    super('too-many-connections', report(limit))
    this.limit = limit
  }
}

/** Says no to clients before they have said anything. */
export class Doorkeeper {
  #lingering = 0

  /** Tells a client that there is no room and lets it go; where many are being told just now, it only closes. */
  turnAway(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#lingering >= LINGERING_MAX) {
      socket.destroy()
      return
    }
    this.#lingering++
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#lingering--
    })
    const sink = new BufferSink()
    encodeErrorResponse(report(null), sink)
    // Closing with bytes unread would reset the connection and could lose what we say.
    socket.resume()
    socket.end(sink.take())
  }
}

function report(limit: ReachedLimit | null): ErrorReport {
  return {
    severity: 'FATAL',
    sqlState: '53300',
    message: 'too many connections',
    hint: limit === null ? null : `The limit is ${limit} of acra-server.`,
  }
}
