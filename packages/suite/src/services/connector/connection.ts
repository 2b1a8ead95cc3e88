import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Address, type DialError, dial } from '../../net/index.ts'
import { traceFrame } from '../../net/secure-session/index.ts'
import { events, type Logger } from '../../observe/index.ts'
import { wrapFields } from '../transport/index.ts'
import type { Turns } from '../turns/index.ts'
import { carry } from './carry.ts'
import { beginningOf, type IsWhole } from './first-message.ts'
import type { Place } from './peer.ts'
import type { Wrap } from './transport.ts'
import type { UserCheckError } from './user-check.ts'

/** The time between two attempts to connect. */
const RETRY_MS = 200
const TRACE_HEADER_SIZE = 4

/** How one entrance's connections are served. */
export interface Route {
  readonly place: Place
  readonly wrap: Wrap
  /** Rejects with UserCheckError where the application must not be served. */
  readonly admit: (socket: Socket) => Promise<void>
  /** Whether what an application has said first is whole: the server is not asked for less. */
  readonly isWhole: IsWhole
  /** Until the first message of an application must be whole. */
  readonly startUpMs: number
  /** For applications that wait for a greeting: many that only wait must not keep those busy that do not. */
  readonly quietTurns: Turns
  readonly sendsTrace: boolean
  readonly connectTimeoutMs: number
  /** How long a server that is not there is tried again. */
  readonly retryMs: number
}

/** Serves one application to the end of its connection; never rejects. `log` carries the client id; `begun` is called once it has begun to speak. */
export async function serveConnection(
  socket: Socket,
  route: Route,
  log: Logger,
  begun: () => void,
): Promise<void> {
  // Until somebody carries its bytes, an application that leaves is noticed by what is written to it.
  let ownFailure: Error | null = null
  socket.on('error', (error) => {
    ownFailure = error
  })
  const wrapped = await begin(socket, route, log, begun)
  if (wrapped !== null) {
    const failure = await carry(socket, wrapped)
    const hasLeftSilently = failure === ownFailure && socket.bytesRead === 0
    if (failure !== null && !hasLeftSilently)
      log.event(events.cannotStartConnection, { error: failure }, 'Connector error')
    log.info('Close wrapped connection with AcraServer')
  }
  socket.destroy()
  log.info('Close connection with client')
}

/** Lets the application begin, and opens the way to the server; null where there is none. */
async function begin(
  socket: Socket,
  route: Route,
  log: Logger,
  begun: () => void,
): Promise<Duplex | null> {
  const beginning = await beginningOf(socket, route.isWhole, route.startUpMs)
  // Who leaves without a word is nobody to be told about.
  if (beginning === 'nothing' || socket.destroyed) return null
  if (!(await isAdmitted(socket, route, log))) return null
  if (beginning === 'message') {
    begun()
    return open(socket, route, log)
  }
  return route.quietTurns.run(async () => {
    const wrapped = socket.destroyed ? null : await open(socket, route, log)
    // It is paused: nothing is lost before it is carried.
    if (wrapped !== null) socket.once('data', begun)
    return wrapped
  })
}

async function isAdmitted(socket: Socket, route: Route, log: Logger): Promise<boolean> {
  try {
    await route.admit(socket)
    return true
  } catch (error) {
    const { message, cause } = error as UserCheckError
    log.event(events.cannotStartConnection, cause === undefined ? {} : { error: cause }, message)
    return false
  }
}

/** The way to the server, encrypted; null where there is none, which is in the log then. */
async function open(socket: Socket, route: Route, log: Logger): Promise<Duplex | null> {
  const plain = await connect(socket, route, log)
  if (plain === null) return null
  const wrapped = await wrap(plain, route, log)
  if (wrapped === null) return null
  if (socket.destroyed) {
    wrapped.destroy()
    return null
  }
  if (route.sendsTrace) sendTrace(wrapped)
  return wrapped
}

async function connect(socket: Socket, route: Route, log: Logger): Promise<Socket | null> {
  const { place } = route
  log.info('Connect to AcraServer', { connection_string: place.text })
  try {
    return await dialPatiently(place.address, route, () => socket.destroyed)
  } catch (error) {
    log.event(events.cannotStartConnection, { error }, "Can't connect to AcraServer")
    return null
  }
}

/** Rejects with DialError where the server is not there, and stays away as long as is waited for. */
async function dialPatiently(
  address: Address,
  { connectTimeoutMs, retryMs }: Route,
  isGivenUp: () => boolean,
): Promise<Socket> {
  const end = performance.now() + retryMs
  for (;;) {
    try {
      return await dial(address, { timeoutMs: connectTimeoutMs })
    } catch (error) {
      if (isGivenUp() || performance.now() + RETRY_MS > end) throw error as DialError
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function wrap(plain: Socket, route: Route, log: Logger): Promise<Duplex | null> {
  try {
    const wrapped = await route.wrap(plain)
    wrapped.on('error', () => {})
    return wrapped
  } catch (error) {
    log.event(events.cannotWrapConnection, wrapFields(error))
    return null
  }
}

/** Length and content are two messages of a Secure Session, as the original sends them. */
function sendTrace(wrapped: Duplex): void {
  const frame = traceFrame()
  wrapped.write(frame.subarray(0, TRACE_HEADER_SIZE))
  wrapped.write(frame.subarray(TRACE_HEADER_SIZE))
}
