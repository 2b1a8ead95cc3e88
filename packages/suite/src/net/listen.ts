import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { AcraError } from '../foundation/index.ts'
import { type Address, formatAddress } from './address.ts'

/** How many connections the kernel keeps ready while the process is busy. */
const BACKLOG = 4096
/** The time without traffic after which the kernel asks whether the other side is still there. */
const KEEP_ALIVE_MS = 60_000

/** The address cannot be listened on, or the system accepts no more connections; `cause` is the system's error. */
export class ListenError extends AcraError {
  constructor(message: string, options?: ErrorOptions) {
    super('listen-failed', message, options)
  }
}

export interface Listener {
  /** Where it listens: with the port that the system chose if 0 was asked for. */
  readonly address: Address
  /** Connections accepted and not closed yet. */
  readonly connectionCount: number
  /** Accepts no more and removes a unix socket's file, at once; resolves when the last connection has closed. */
  close(): Promise<void>
}

export interface ListenHandlers {
  /** Given every accepted connection: no delay, both halves closed on their own. It must be given an `error` listener at once. */
  readonly onConnection: (socket: Socket) => void
  /** Told when a connection could not be accepted (no more descriptors); listening goes on. */
  readonly onError: (error: ListenError) => void
  /** What listens, where it is not a plain server but one of a protocol, as those of `node:http`. */
  readonly server?: Server
  /** Leave connections unread until somebody resumes them. */
  readonly pauseOnConnect?: boolean
}

/** Listens on TCP or a unix socket. Throws ListenError, with a remedy, where that cannot be done. */
export async function listen(address: Address, handlers: ListenHandlers): Promise<Listener> {
  const server =
    handlers.server ??
    createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      pauseOnConnect: handlers.pauseOnConnect === true,
    })
  let connectionCount = 0
  let onLast = () => {}
  server.on('connection', (socket) => {
    connectionCount++
    socket.once('close', () => {
      connectionCount--
      if (connectionCount === 0) onLast()
    })
    handlers.onConnection(socket)
  })
  await open(server, address)
  server.on('error', (cause) => {
    handlers.onError(
      new ListenError(`a connection cannot be accepted (${codeOf(cause)})`, { cause }),
    )
  })
  return {
    address: boundAddress(server, address),
    get connectionCount() {
      return connectionCount
    },
    close: () =>
      new Promise((resolve) => {
        onLast = resolve
        server.close()
        if (connectionCount === 0) resolve()
      }),
  }
}

function open(server: Server, address: Address): Promise<void> {
  const options: ListenOptions =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      reject(
        new ListenError(`cannot listen on ${formatAddress(address)}: ${remedy(address, cause)}`, {
          cause,
        }),
      )
    }
    server.once('error', fail)
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

function boundAddress(server: Server, address: Address): Address {
  const bound = server.address()
  if (address.kind === 'unix' || bound === null || typeof bound === 'string') return address
  return { ...address, port: bound.port }
}

function remedy(address: Address, cause: Error): string {
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return address.kind === 'unix'
        ? 'the file exists already; stop the program that listens there, or remove the file if none does'
        : 'another program listens there; stop it or choose another port'
    case 'EACCES':
      return address.kind === 'unix'
        ? 'its folder does not exist, or this user may not write to it'
        : 'permission denied; choose a port above 1023'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address'
    default:
      return codeOf(cause)
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name
}
