/** Clients that take next to nothing themselves: a login, a statement, and what then comes is counted or left alone. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { message, startup } from '../e2e/frontend.ts'
import type { Contestant } from './contestants.ts'

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
/** The last bytes of ReadyForQuery when idle. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** A connection that is logged in. */
export async function login({ port, usesTls }: Contestant): Promise<Socket> {
  const plain = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(plain, 'connect')
  const socket = usesTls ? await secure(plain) : plain
  socket.write(startup({ user: 'postgres', database: 'postgres', client_encoding: 'UTF8' }))
  await untilReady(socket)
  return socket
}

/** Says a statement and waits for the end of its answer, which must be short. */
export async function ask(socket: Socket, sql: string): Promise<void> {
  socket.write(message.query(sql))
  await untilReady(socket)
}

async function secure(plain: Socket): Promise<Socket> {
  plain.write(sslRequest)
  const answer = await nextChunk(plain)
  if (answer.toString() !== 'S') throw new Error('TLS is not offered')
  const socket = connectTls({ socket: plain, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  return socket
}

/** Reads up to ReadyForQuery. */
export async function untilReady(socket: Socket): Promise<void> {
  let last: Buffer = Buffer.alloc(0)
  while (!last.equals(ready)) {
    const chunk = await nextChunk(socket)
    last = Buffer.concat([last, chunk]).subarray(-ready.length)
  }
}

/** Rejects where the connection ends instead. */
async function nextChunk(socket: Socket): Promise<Buffer> {
  const ended = new AbortController()
  const lost = once(socket, 'close', { signal: ended.signal }).then(() => {
    throw new Error('a connection was lost')
  })
  try {
    return await Promise.race([once(socket, 'data').then(([chunk]) => chunk as Buffer), lost])
  } finally {
    lost.catch(() => {})
    ended.abort()
  }
}
