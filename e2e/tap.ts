/** Stands between acra-server and the database and records every byte of both directions. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Tap {
  readonly host: '127.0.0.1'
  readonly port: number
  /** What has passed since the last call, of all connections. A byte is recorded before it is passed on. */
  take(): Recording
  /** The same for one connection: the last whose start-up packet holds that text. */
  connection(text: string): { take(): Recording }
  stop(): Promise<void>
}

export interface Recording {
  readonly toDatabase: Buffer
  readonly toClient: Buffer
}

/** Opens a tap on a free loopback port, with a connection of its own to the target for each one it accepts. */
export async function openTap(target: {
  readonly host: string
  readonly port: number
}): Promise<Tap> {
  let wires: Wire[] = []
  const sockets = new Set<Socket>()

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ ...target, noDelay: true })
    const wire: Wire = { toDatabase: [], toClient: [], greeting: null, open: 2 }
    wires.push(wire)
    join(near, far, (chunk) => {
      wire.greeting ??= chunk
      wire.toDatabase.push(chunk)
    })
    join(far, near, (chunk) => wire.toClient.push(chunk))
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        wire.open--
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the tap has no port')

  return {
    host: '127.0.0.1',
    port: address.port,
    take() {
      const recordings = wires.map(takeFrom)
      wires = wires.filter(({ open }) => open > 0)
      return {
        toDatabase: Buffer.concat(recordings.map(({ toDatabase }) => toDatabase)),
        toClient: Buffer.concat(recordings.map(({ toClient }) => toClient)),
      }
    },
    connection(text) {
      const wire = wires.findLast(({ greeting }) => greeting?.includes(text))
      if (!wire) throw new Error(`no connection was made that names ${text}`)
      return { take: () => takeFrom(wire) }
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** What has passed on one connection, the first packet, and how many of its two sockets are open. */
interface Wire {
  readonly toDatabase: Buffer[]
  readonly toClient: Buffer[]
  greeting: Buffer | null
  open: number
}

function takeFrom(wire: Wire): Recording {
  return {
    toDatabase: Buffer.concat(wire.toDatabase.splice(0)),
    toClient: Buffer.concat(wire.toClient.splice(0)),
  }
}

function join(from: Socket, to: Socket, record: (chunk: Buffer) => void): void {
  from.on('data', (chunk: Buffer) => {
    record(chunk)
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}
