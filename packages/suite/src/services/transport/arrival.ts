import type { Socket } from 'node:net'
import {
  acceptSession,
  hasFirstFrame,
  SessionFailure,
  startsSession,
  startsTrace,
  TRACE_FRAME_SIZE,
} from '../../net/secure-session/index.ts'
import type { TlsServer } from '../../net/tls/index.ts'
import { readFirst } from './first-read.ts'
import type { TransportKeyring } from './keyring.ts'
import { NothingSaidError } from './nothing-said.ts'

/** For the whole handshake of a Secure Session, as in the original. */
const SESSION_TIMEOUT_MS = 5000
/** TLS begins with a record of this type. */
const TLS_HANDSHAKE = 0x16
/** Type, version, length: who says less than the head of a record has said nothing. */
const TLS_HEAD_SIZE = 5

/** How connections come: encrypted from their first byte on, as they are, or in a session where they begin with one. */
export type TransportMode = 'session' | 'tls' | 'raw' | 'session-or-raw'

export interface ArrivalSettings {
  readonly mode: TransportMode
  /** What we call ourselves in a Secure Session. */
  readonly sessionId: string
  readonly keyring: TransportKeyring
  /** Null where TLS is no transport here. */
  readonly tls: TlsServer | null
  /** For the first bytes, and for the handshake of TLS. */
  readonly timeoutMs: number
}

/** A connection that has come through its transport. */
export interface Arrival {
  /** Stands for the connection; paused. It must be given an `error` listener at once. */
  readonly socket: Socket
  /** What was read of it already: belongs before everything that follows. */
  readonly first: Buffer
  /** The client whom the transport has shown to be there; null where it shows nobody. */
  readonly clientId: string | null
  readonly transport: 'session' | 'tls' | 'raw'
  /** What was agreed on in TLS (ALPN); null where nothing was. */
  readonly protocol: string | null
}

/**
 * Takes an accepted socket that nobody reads through its transport, and leaves out the frame that AcraConnector puts before what the
 * application says. Rejects with SessionFailure, TlsError or NothingSaidError; the socket is destroyed then.
 */
export async function arrive(socket: Socket, settings: ArrivalSettings): Promise<Arrival> {
  switch (settings.mode) {
    case 'session':
      return throughSession(socket, settings)
    case 'tls':
      return throughTls(socket, settings)
    case 'raw':
      return {
        socket,
        first: await firstWords(socket, settings),
        clientId: null,
        transport: 'raw',
        protocol: null,
      }
    case 'session-or-raw':
      return arriveUndecided(socket, settings)
  }
}

/** The first bytes tell which of both it is. */
async function arriveUndecided(socket: Socket, settings: ArrivalSettings): Promise<Arrival> {
  const isDecided = (bytes: Buffer) => startsSession(bytes) !== null
  const { bytes, outcome } = await readFirst(socket, settings.timeoutMs, isDecided)
  if (outcome === 'ended') throw silent(socket)
  if (startsSession(bytes) === true) {
    socket.unshift(bytes)
    return throughSession(socket, settings)
  }
  // Who is slow is told so in the words of the protocol that is spoken here.
  const isPlain = outcome === 'late' || startsTrace(bytes) === false
  const first = isPlain ? bytes : await firstWords(socket, settings, bytes)
  return { socket, first, clientId: null, transport: 'raw', protocol: null }
}

async function throughSession(socket: Socket, settings: ArrivalSettings): Promise<Arrival> {
  const { sessionId, keyring } = settings
  const begin = performance.now()
  const { bytes, outcome } = await readFirst(socket, SESSION_TIMEOUT_MS, hasFirstFrame)
  if (outcome === 'ended' || bytes.length === 0) throw silent(socket)
  if (outcome === 'late') {
    socket.destroy()
    throw new SessionFailure('timeout')
  }
  socket.unshift(bytes)
  const { stream, clientId } = await acceptSession(socket, {
    serverId: sessionId,
    keysOf: async (id) => {
      const { privateKey, peerKey } = await keyring.open(id)
      return { privateKey, clientKey: peerKey }
    },
    timeoutMs: SESSION_TIMEOUT_MS - (performance.now() - begin),
  })
  // It has all that is asked of a socket here: bytesRead and destroySoon besides what every stream has.
  const secured = stream as unknown as Socket
  const first = await firstWords(secured, settings)
  return { socket: secured, first, clientId, transport: 'session', protocol: null }
}

async function throughTls(socket: Socket, settings: ArrivalSettings): Promise<Arrival> {
  const { tls, timeoutMs } = settings
  if (tls === null) throw new Error('TLS where it is not offered')
  const { bytes: hello, outcome } = await readFirst(
    socket,
    timeoutMs,
    (bytes) => bytes.length >= TLS_HEAD_SIZE,
  )
  if (outcome !== 'enough') throw silent(socket)
  if (hello[0] !== TLS_HANDSHAKE) {
    socket.destroy()
    throw new SessionFailure('malformed')
  }
  const accepted = tls.accept(socket, hello)
  const secured: Socket = accepted.socket
  const onError = () => {}
  secured.on('error', onError)
  const timer = setTimeout(() => secured.destroy(), timeoutMs)
  try {
    const { clientId, protocol } = await accepted.client
    const first = await firstWords(secured, settings)
    return { socket: secured, first, clientId, transport: 'tls', protocol }
  } catch (error) {
    secured.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    secured.off('error', onError)
  }
}

/** What comes first behind the frame of a trace, where there is one: something, unless the client has ended. `read` was read already. */
async function firstWords(
  socket: Socket,
  { timeoutMs }: ArrivalSettings,
  read: Buffer = Buffer.alloc(0),
): Promise<Buffer> {
  const isDecided = (bytes: Buffer) => {
    const starts = startsTrace(bytes)
    return starts === false || (starts === true && bytes.length >= TRACE_FRAME_SIZE)
  }
  const { bytes, outcome } = await readFirst(socket, timeoutMs, isDecided, read)
  if (outcome !== 'enough') throw silent(socket)
  return startsTrace(bytes) === true ? bytes.subarray(TRACE_FRAME_SIZE) : bytes
}

function silent(socket: Socket): NothingSaidError {
  socket.on('error', () => {}).destroy()
  return new NothingSaidError()
}
