/** What is told of requests that are none, to the client and to the log. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { events, type Logger } from '../../observe/index.ts'

/** How long a client may take to read why it is refused. */
const LINGER_MS = 1000

/** Answers bytes of HTTP/1.1 that the parser does not take, or that have not come in time, and ends their connection. */
export function answerBroken(error: NodeJS.ErrnoException, connection: Duplex, log: Logger): void {
  const code = error.code ?? error.name
  if (connection.writableEnded) return
  // A client that has gone away is no news.
  if (code === 'ECONNRESET' || code === 'EPIPE' || !connection.writable) {
    connection.destroy()
    return
  }
  const status = statuses[code] ?? 400
  tellRefusal(log, status, code)
  const timer = setTimeout(() => connection.destroy(), LINGER_MS)
  connection.once('close', () => clearTimeout(timer))
  // Closing with bytes unread would reset the connection and could lose what we say.
  connection.removeAllListeners('data').resume()
  connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`)
}

/** Logs that a request was refused before it was an operation. */
export function tellRefusal(log: Logger, status: number, error: string): void {
  log.event(events.httpRequestRefused, { status, error })
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}
