import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Soon } from '../foundation/index.ts'
import { dial } from '../net/index.ts'
import type { Conversation, Side } from './conversation.ts'
import { type Link, Relay, type RelayEnd } from './relay.ts'
import type { SocketOutlet } from './socket-outlet.ts'
import { Watch } from './watch.ts'

/** What a relay must do, whichever way it reads from the client. */
export function relayContract(keepsClientBuffer: boolean): void {
  const cleanups: (() => void)[] = []
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup()
  })

  /** Passes everything on; connects to the database when the client has said something. */
  class PassThrough implements Conversation {
    isStarting = false
    inside = new Set<Side>()
    words: Buffer | null = null
    readonly link: Link
    #isOpen = false

    constructor(link: Link) {
      this.link = link
    }

    fromClient(chunk: Buffer): Soon<void> {
      if (this.#isOpen) return this.toDatabase(chunk)
      return this.link.openDatabase().then(() => {
        this.#isOpen = true
        this.toDatabase(chunk)
      })
    }

    toDatabase(chunk: Buffer): void {
      this.link.toDatabase.pass(chunk, 0, chunk.length)
      this.link.toDatabase.flush()
    }

    fromDatabase(chunk: Buffer): Soon<void> {
      this.link.toClient.pass(chunk, 0, chunk.length)
      this.link.toClient.flush()
    }

    isInsideMessage(side: Side): boolean {
      return this.inside.has(side)
    }

    lastWords(): Buffer | null {
      return this.words
    }
  }

  /** Connects to the database at once, and hears it before the client. */
  class DatabaseFirst extends PassThrough {
    async begin(): Promise<void> {
      await this.link.openDatabase()
    }

    override fromClient(chunk: Buffer): void {
      this.toDatabase(chunk)
    }
  }

  interface Rig {
    readonly client: Socket
    readonly relay: Relay
    readonly conversation: PassThrough
    readonly ended: Promise<RelayEnd>
  }

  async function listening(
    onSocket: (socket: Socket) => void,
    highWaterMark = 16_384,
  ): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, highWaterMark }, (socket) => {
      cleanups.push(() => socket.destroy())
      socket.on('error', () => {})
      onSocket(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    return server
  }

  function portOf(server: Server): number {
    const address = server.address()
    assert.ok(address !== null && typeof address !== 'string')
    return address.port
  }

  /** A client, a relay and a database that does what `database` says. */
  async function rig(
    database: (socket: Socket) => void,
    Talk: new (link: Link) => PassThrough = PassThrough,
  ): Promise<Rig> {
    const backend = await listening(database)
    return rigTo(portOf(backend), Talk)
  }

  async function rigTo(
    port: number,
    Talk: new (link: Link) => PassThrough,
    highWaterMark = 16_384,
  ): Promise<Rig> {
    let ready: (rest: Omit<Rig, 'client'>) => void
    const accepted = new Promise<Omit<Rig, 'client'>>((resolve) => {
      ready = resolve
    })
    const front = await listening((socket) => {
      let conversation!: PassThrough
      let onEnd!: (end: RelayEnd) => void
      const ended = new Promise<RelayEnd>((resolve) => {
        onEnd = resolve
      })
      const relay = new Relay(socket, {
        keepsClientBuffer,
        dial: (onread) =>
          dial({ kind: 'tcp', host: '127.0.0.1', port }, { timeoutMs: 5000, onread }),
        accept: () => null,
        converse: (link) => {
          conversation = new Talk(link)
          return conversation
        },
        limits: { startUpMs: 60_000, silenceMs: 60_000 },
        watch: new Watch(),
        onEnd,
      })
      cleanups.push(() => relay.destroy())
      ready({ relay, conversation, ended })
    }, highWaterMark)
    const client = connect({ port: portOf(front), host: '127.0.0.1', allowHalfOpen: true })
    client.on('error', () => {})
    cleanups.push(() => client.destroy())
    return { client, ...(await accepted) }
  }

  /** Everything that a socket says until it ends. */
  async function heard(socket: Socket): Promise<string> {
    const parts: Buffer[] = []
    for await (const part of socket) parts.push(part)
    return Buffer.concat(parts).toString()
  }

  /** One turn of the event loop. */
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

  const echo = (socket: Socket) => void socket.pipe(socket)

  test('a database that speaks first is heard by a client that says nothing', async () => {
    const { client, ended } = await rig((socket) => {
      socket.write('greeting ')
      socket.pipe(socket)
    }, DatabaseFirst)
    const [greeting] = await once(client, 'data')
    assert.equal(String(greeting), 'greeting ')
    client.end('answer')
    assert.equal(await heard(client), 'answer')
    assert.equal((await ended).error, null)
  })

  test('what a client says before the conversation has begun is kept, its end too', async () => {
    const order: string[] = []
    let begin!: () => void
    const mayBegin = new Promise<void>((resolve) => {
      begin = resolve
    })
    class Late extends DatabaseFirst {
      override async begin(): Promise<void> {
        await mayBegin
        order.push('begun')
        await super.begin()
      }

      override fromClient(chunk: Buffer): void {
        order.push('read')
        super.fromClient(chunk)
      }
    }
    const { client } = await rig(echo, Late)
    client.end('early')
    for (let i = 0; i < 10; i++) await turn()
    begin()
    assert.equal(await heard(client), 'early')
    assert.deepEqual(order, ['begun', 'read'])
  })

  test('a conversation that cannot begin tells the client, and ends', async () => {
    class Broken extends PassThrough {
      override words = Buffer.from('no database')
      async begin(): Promise<void> {
        throw new Error('nobody there')
      }
    }
    const { client, ended } = await rig(echo, Broken)
    assert.equal(await heard(client), 'no database')
    const { side, error } = await ended
    assert.equal(side, 'database')
    assert.equal(error?.message, 'nobody there')
  })

  test('bytes go both ways, and a half-close too, after what came before it', async () => {
    const { client, ended } = await rig(echo)
    client.write('one ')
    client.end('two')
    assert.equal(await heard(client), 'one two')
    const end = await ended
    assert.deepEqual(end, { side: null, error: null, bytesFromClient: 7, bytesFromDatabase: 7 })
  })

  test('a client that ends first still hears the whole answer', async () => {
    const { client } = await rig((socket) => {
      socket.on('data', () => {})
      socket.on('end', () => {
        socket.write('late ')
        setImmediate(() => socket.end('answer'))
      })
    })
    client.end('question')
    assert.equal(await heard(client), 'late answer')
  })

  test('a database that ends first ends the client after its last word', async () => {
    const { client, ended } = await rig((socket) => {
      socket.once('data', () => socket.end('bye'))
    })
    client.write('hello')
    assert.equal(await heard(client), 'bye')
    client.end()
    assert.equal((await ended).side, null)
  })

  test('a client that never closes its side is broken off when it was told all', async () => {
    const { client, relay, ended } = await rig((socket) => {
      socket.once('data', () => socket.end('bye'))
    })
    client.write('hello')
    assert.equal(await heard(client), 'bye')
    const ticking = setInterval(() => relay.tick(1000), 1)
    await ended
    clearInterval(ticking)
  })

  test('a client that leaves before it says anything ends the relay, and no database is asked', async () => {
    const { client, ended } = await rig(() => assert.fail('nobody asked for the database'))
    client.end()
    assert.equal(await heard(client), '')
    assert.equal((await ended).error, null)
  })

  /** Answers `?` itself, and connects when something else comes. */
  class Asking extends PassThrough {
    override fromClient(chunk: Buffer): Soon<void> {
      if (chunk[0] !== 0x3f) return super.fromClient(chunk)
      this.link.toClient.put(Buffer.from('N'))
      this.link.toClient.flush()
      const rest = chunk.subarray(1)
      return rest.length > 0 ? super.fromClient(rest) : undefined
    }
  }

  test('a conversation answers the client itself before there is a database, and no byte is lost', async () => {
    const { client } = await rig(echo, Asking)
    client.write('?')
    assert.equal(String((await once(client, 'data'))[0]), 'N')
    client.end('start')
    assert.equal(await heard(client), 'start')
  })

  test('what comes while the database is being connected is kept in order', async () => {
    const { client } = await rig(echo, Asking)
    client.write('?a')
    for (const part of ['b', 'c', 'd']) {
      await turn()
      client.write(part)
    }
    client.end()
    assert.equal(await heard(client), 'Nabcd')
  })

  test('a database that cannot be reached is told to the client by its last words', async () => {
    const closed = await listening(() => {})
    const port = portOf(closed)
    await new Promise<void>((resolve) => void closed.close(() => resolve()))
    class Speaking extends PassThrough {
      override words = Buffer.from('FATAL')
    }
    const { client, ended } = await rigTo(port, Speaking)
    client.write('hello')
    assert.equal(await heard(client), 'FATAL')
    client.end()
    const end = await ended
    assert.equal(end.side, 'client')
    assert.equal((end.error as { code?: string }).code, 'connect-failed')
  })

  test('an exception ends its own connection only, after the last words', async () => {
    class Throwing extends PassThrough {
      override words = Buffer.from('broken')
      override fromDatabase(chunk: Buffer): Soon<void> {
        if (String(chunk) === 'throw') throw new Error('thrown')
        if (String(chunk) === 'reject') return Promise.reject(new Error('rejected'))
        return super.fromDatabase(chunk)
      }
    }
    for (const word of ['throw', 'reject']) {
      const good = await rig(echo, Throwing)
      const bad = await rig(echo, Throwing)
      good.client.write('a')
      assert.equal(String((await once(good.client, 'data'))[0]), 'a')
      bad.client.write(word)
      assert.equal(await heard(bad.client), 'broken')
      bad.client.end()
      const end = await bad.ended
      assert.equal(end.side, 'database')
      assert.match(String(end.error), /thrown|rejected/)
      good.client.end('b')
      assert.equal(await heard(good.client), 'b')
    }
  })

  test('where nothing can be said the client is broken off', async () => {
    class Mute extends PassThrough {
      override fromDatabase(): Soon<void> {
        throw new Error('broken')
      }
    }
    const { client, ended } = await rig(echo, Mute)
    client.write('x')
    assert.equal(await heard(client), '')
    assert.equal((await ended).side, 'database')
  })

  test('a client that is cut off takes its database connection with it', async () => {
    let backend!: Socket
    const { client, ended } = await rig((socket) => {
      backend = socket
      socket.resume()
      socket.write('x')
    })
    client.write('hello')
    await once(client, 'data')
    client.resetAndDestroy()
    if (!backend.readableEnded) await once(backend, 'end')
    assert.equal((await ended).side, 'client')
  })

  test('a conversation that waits is given no more of that side, and its chunk stays as it is', async () => {
    const chunks: string[] = []
    let settle!: () => void
    class Waiting extends PassThrough {
      override fromDatabase(chunk: Buffer): Soon<void> {
        chunks.push(chunk.toString())
        if (chunks.length > 1) return super.fromDatabase(chunk)
        return new Promise<void>((resolve) => {
          settle = resolve
        }).then(() => super.fromDatabase(chunk))
      }
    }
    let backend!: Socket
    const { client } = await rig((socket) => {
      backend = socket
      echo(socket)
    }, Waiting)
    client.write('first')
    while (chunks.length === 0) await turn()
    client.end('second')
    while (backend.bytesWritten < 'firstsecond'.length) await turn()
    for (let i = 0; i < 20; i++) await turn()
    assert.deepEqual(chunks, ['first'])
    settle()
    assert.equal(await heard(client), 'firstsecond')
  })

  test('the other side goes on while one waits', async () => {
    class Waiting extends PassThrough {
      override fromDatabase(chunk: Buffer): Soon<void> {
        return chunk[0] === 0x77 ? new Promise(() => {}) : super.fromDatabase(chunk)
      }
    }
    const said: string[] = []
    const { client } = await rig((socket) => {
      socket.on('data', (chunk) => said.push(String(chunk)))
      socket.write('w')
    }, Waiting)
    client.write('a')
    while (said.length === 0) await turn()
    client.write('b')
    while (said.length === 1) await turn()
    assert.deepEqual(said, ['a', 'b'])
  })

  /** A stream of bytes that are not the same anywhere. */
  function* blocks(count: number): Generator<Buffer> {
    for (let i = 0; i < count; i++) {
      const block = Buffer.alloc(50_000 + i)
      for (let at = 0; at + 4 <= block.length; at += 4) block.writeUInt32LE(i * 65_536 + at, at)
      yield block
    }
  }

  async function pour(socket: Socket, hash: ReturnType<typeof createHash>): Promise<void> {
    for (const block of blocks(400)) {
      hash.update(block)
      if (!socket.write(block)) await once(socket, 'drain')
    }
    socket.end()
  }

  async function drink(socket: Socket): Promise<string> {
    const hash = createHash('sha256')
    let count = 0
    for await (const part of socket) {
      hash.update(part)
      if (count++ % 100 === 0) await sleep(30)
    }
    return hash.digest('hex')
  }

  test('twenty megabytes come through a slow reader unharmed, either way', async () => {
    class Late extends PassThrough {
      override fromDatabase(chunk: Buffer): Soon<void> {
        return new Promise(setImmediate).then(() => super.fromDatabase(chunk))
      }
    }
    // With the larger mark the relay reads on while the kernel has not taken all that went before.
    const cases = [
      { highWaterMark: 16_384, Talk: PassThrough },
      { highWaterMark: 2 ** 24, Talk: PassThrough },
      { highWaterMark: 2 ** 24, Talk: Late },
    ]
    for (const { highWaterMark, Talk } of cases) {
      const sent = createHash('sha256')
      const backend = await listening((socket) => {
        socket.once('data', () => void pour(socket, sent))
      })
      const down = await rigTo(portOf(backend), Talk, highWaterMark)
      down.client.write('go')
      assert.equal(await drink(down.client), sent.digest('hex'))
    }

    const uploaded = createHash('sha256')
    let received!: (hash: string) => void
    const arrived = new Promise<string>((resolve) => {
      received = resolve
    })
    const up = await rig((socket) => void drink(socket).then(received))
    await pour(up.client, uploaded)
    assert.equal(await arrived, uploaded.digest('hex'))
  })

  /** A database that says as much as is taken, once it is asked. */
  function flooding(): {
    readonly poured: () => number
    readonly database: (socket: Socket) => void
  } {
    let poured = 0
    const flood = (socket: Socket) => {
      poured += 65_536
      if (socket.write(Buffer.alloc(65_536))) setImmediate(flood, socket)
      else socket.once('drain', () => flood(socket))
    }
    return { poured: () => poured, database: (socket) => socket.once('data', () => flood(socket)) }
  }

  /** Waits until all buffers between the database and a client that does not read are full. */
  async function untilStalled(poured: () => number, outlet: SocketOutlet): Promise<void> {
    while (!outlet.isFull) await turn()
    for (let quiet = 0, before = poured(); quiet < 200; quiet++) {
      await turn()
      if (poured() !== before) quiet = 0
      assert.ok(poured() < 64 * 2 ** 20, 'bytes are taken without end for a client that reads none')
      before = poured()
    }
  }

  test('no more is read from one side than the other takes', async () => {
    const { poured, database } = flooding()
    const { client, relay } = await rig(database)
    client.pause()
    client.write('go')
    const outlet = relay.toClient as SocketOutlet
    await untilStalled(poured, outlet)
    assert.ok(outlet.socket!.writableLength <= 2 * 65_536, 'what one read or two brought')
  })

  test('logging in has a time limit', async () => {
    class Starting extends PassThrough {
      override isStarting = true
      override words = Buffer.from('too late')
    }
    const { client, relay, ended } = await rig(echo, Starting)
    relay.tick(60_000)
    client.write('a')
    assert.equal(String((await once(client, 'data'))[0]), 'a')
    relay.tick(1)
    assert.equal(await heard(client), 'too late')
    client.end()
    assert.equal(((await ended).error as { code?: string }).code, 'connection-timeout')
  })

  test('silence inside a message has a time limit, which every byte begins anew', async () => {
    for (const side of ['client', 'database'] as const) {
      const { client, relay, conversation, ended } = await rig(echo)
      const say = async () => {
        client.write('a')
        await once(client, 'data')
      }
      await say()
      relay.tick(1_000_000)
      conversation.inside.add(side)
      relay.tick(60_000)
      await say()
      relay.tick(60_000)
      assert.equal(client.readableEnded, false)
      relay.tick(1)
      const end = await ended
      assert.equal(end.side, side)
      assert.equal((end.error as { code?: string }).code, 'connection-timeout')
    }
  })

  test('a side that we do not read is not silent', async () => {
    const { poured, database } = flooding()
    const { client, relay, conversation } = await rig(database)
    conversation.inside.add('database')
    client.pause()
    client.write('go')
    await untilStalled(poured, relay.toClient as SocketOutlet)
    relay.tick(1_000_000)
    client.resume()
    await once(client, 'data')
    const before = client.bytesRead
    while (client.bytesRead < before + 2 ** 24) await once(client, 'data')
  })

  test('a conversation that closes has its last words heard', async () => {
    class Closing extends PassThrough {
      override fromDatabase(chunk: Buffer): Soon<void> {
        this.link.toClient.put(Buffer.from(`last ${chunk}`))
        this.link.close()
      }
    }
    const { client, ended } = await rig(echo, Closing)
    client.write('word')
    assert.equal(await heard(client), 'last word')
    client.end()
    assert.equal((await ended).error, null)
  })

  test('ranges that touch leave as one write, others as one piece of work', async () => {
    class Pieces extends PassThrough {
      override fromDatabase(chunk: Buffer): Soon<void> {
        const out = this.link.toClient
        out.pass(chunk, 0, 1)
        out.pass(chunk, 1, 3)
        out.put(Buffer.from('[put]'))
        out.put(Buffer.alloc(0))
        out.pass(chunk, 4, chunk.length)
        out.flush()
        out.flush()
      }
    }
    const { client } = await rig(echo, Pieces)
    client.end('abcdef')
    assert.equal(await heard(client), 'abc[put]ef')
  })

  test('a database that breaks off ends the client', async () => {
    const { client, ended } = await rig((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    client.write('x')
    assert.equal(await heard(client), '')
    assert.equal((await ended).side, 'database')
  })
}
