import { createConnection, type OnReadOpts, type Socket } from 'node:net'
import { AcraError } from '../foundation/index.ts'
import { type Address, formatAddress } from './address.ts'

/** The time without traffic after which the kernel asks whether the other side is still there. */
const KEEP_ALIVE_MS = 60_000

/** Nobody answers at the address; `cause` is the system's error where there is one. */
export class DialError extends AcraError {
  constructor(message: string, options?: ErrorOptions) {
    super('connect-failed', message, options)
  }
}

export interface DialOptions {
  /** How long connecting may take, name resolution included. */
  readonly timeoutMs: number
  /** Memory to read into instead of fresh memory for every read; there are no `data` events then. */
  readonly onread?: OnReadOpts
}

/**
 * Connects to a TCP port or a unix socket: no delay, both halves closed on their own. The socket must be given an
 * `error` listener at once. Throws DialError.
 */
export function dial(address: Address, options: DialOptions): Promise<Socket> {
  const target =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
  const socket = createConnection({
    ...target,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    ...(options.onread === undefined ? {} : { onread: options.onread }),
  })
  return new Promise((resolve, reject) => {
    const stop = (reason: string, cause?: Error) => {
      clearTimeout(timer)
      socket.destroy()
      const message = `cannot connect to ${formatAddress(address)}: ${reason}`
      reject(new DialError(message, cause === undefined ? undefined : { cause }))
    }
    const timer = setTimeout(() => {
      // What the attempt still reports when it is broken off is no news.
      socket.off('error', fail).on('error', () => {})
      stop(`no answer within ${options.timeoutMs} ms`)
    }, options.timeoutMs)
    const fail = (cause: NodeJS.ErrnoException) => stop(cause.code ?? cause.name, cause)
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}
