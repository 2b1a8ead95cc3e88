/**
 * The relay and the frame cutter with nothing that looks at a message: what cutting frames alone costs. A stand-in for
 * benches, started in a process of its own: it waits for no login, and knows no statement.
 */
import type { Soon } from '../../foundation/index.ts'
import { type Address, dial, formatAddress, type Listener, listen } from '../../net/index.ts'
import { FrameCutter, type FrameCutterOptions, StartupReader } from '../../wire/postgres/index.ts'
import type { Conversation } from '../conversation.ts'
import { type Link, Relay } from '../relay.ts'
import { Watch } from '../watch.ts'

/** Listens at `address` and carries every connection to the database, cut into frames. Prints its address. */
export async function framesRelay(address: Address, database: Address): Promise<Listener> {
  const watch = new Watch()
  const listener = await listen(address, {
    onConnection: (socket) => {
      new Relay(socket, {
        dial: (onread) => dial(database, { timeoutMs: 10_000, onread }),
        accept: () => null,
        converse: (link) => new FramesOnly(link),
        keepsClientBuffer: true,
        limits: { startUpMs: 60_000, silenceMs: 60_000 },
        watch,
        onEnd: () => {},
      })
    },
    onError: (error) => console.error(error.message),
    pauseOnConnect: true,
  })
  console.log(formatAddress(listener.address))
  return listener
}

const NONE = new Uint8Array(256)

class FramesOnly implements Conversation {
  isStarting = true
  readonly #link: Link
  readonly #startup = new StartupReader()
  readonly #fromClient: FrameCutter
  readonly #fromDatabase: FrameCutter

  constructor(link: Link) {
    this.#link = link
    this.#fromClient = new FrameCutter(NONE, { ...nothing, outlet: link.toDatabase })
    this.#fromDatabase = new FrameCutter(NONE, { ...nothing, outlet: link.toClient })
  }

  fromClient(chunk: Buffer): Soon<void> {
    return this.isStarting ? this.#start(chunk) : this.#fromClient.push(chunk)
  }

  fromDatabase(chunk: Buffer): Soon<void> {
    return this.#fromDatabase.push(chunk)
  }

  isInsideMessage(): boolean {
    return false
  }

  lastWords(): null {
    return null
  }

  async #start(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at = this.#startup.at) {
      const packet = this.#startup.read(chunk, at)
      if (packet === null) return
      if (packet.kind === 'startup' || packet.kind === 'cancel') {
        await this.#link.openDatabase()
        this.#link.toDatabase.put(packet.bytes)
        this.isStarting = false
        await this.#fromClient.push(chunk, this.#startup.at)
        return
      }
      if (packet.kind === 'tls' || packet.kind === 'unknown-version') return this.#link.close()
      this.#link.toClient.put(Buffer.from('N'))
      this.#link.toClient.flush()
    }
  }
}

const nothing: Omit<FrameCutterOptions, 'outlet'> = {
  take: () => false,
  heldSizeMax: 0,
  oversized: () => 'pass',
}
