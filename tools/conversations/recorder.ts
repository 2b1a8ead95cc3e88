/** Stands between a client and a database and records what both say, in order, for each connection. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** What one side has said without the other saying something in between. */
export interface Turn {
  readonly from: 'client' | 'database'
  bytes: Buffer
}

export interface Recorder {
  readonly host: '127.0.0.1'
  readonly port: number
  /** The turns of every connection since the last call, in the order in which they were opened. Waits until all are closed. */
  take(): Promise<Turn[][]>
  stop(): void
}

export async function startRecorder(database: { host: string; port: number }): Promise<Recorder> {
  let connections: Turn[][] = []
  let open: Promise<unknown>[] = []
  const server = createServer((near) => {
    const far = connect(database)
    const turns: Turn[] = []
    connections.push(turns)
    record(near, far, 'client', turns)
    record(far, near, 'database', turns)
    open.push(once(near, 'close'), once(far, 'close'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the recorder has no port')
  return {
    host: '127.0.0.1',
    port: address.port,
    async take() {
      await Promise.all(open)
      const taken = connections
      connections = []
      open = []
      return taken
    },
    stop() {
      server.close()
    },
  }
}

function record(from: Socket, to: Socket, side: Turn['from'], turns: Turn[]): void {
  from.on('data', (chunk: Buffer) => {
    const last = turns.at(-1)
    if (last?.from === side) last.bytes = Buffer.concat([last.bytes, chunk])
    else turns.push({ from: side, bytes: chunk })
    to.write(chunk)
  })
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
}
