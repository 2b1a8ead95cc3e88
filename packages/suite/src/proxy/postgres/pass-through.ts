import type { Soon } from '../../foundation/index.ts'
import type { Outlet } from '../../wire/index.ts'
import { Backend, FrameCutter, messageTypes } from '../../wire/postgres/index.ts'
import type { Side } from '../conversation.ts'

const HEADERS_ONLY = 64

/** A connection of which nothing has to be looked at: no column is protected and no envelope is looked for. */
export class PassThrough {
  readonly #fromClient: FrameCutter
  readonly #fromDatabase: FrameCutter
  #isReady = false
  #isIdle = false

  constructor(toClient: Outlet, toDatabase: Outlet) {
    this.#fromClient = this.#cutter(nothing, toDatabase)
    this.#fromDatabase = this.#cutter(readyOnly, toClient)
  }

  get isReady(): boolean {
    return this.#isReady
  }

  isInsideMessage(side: Side): boolean {
    return (side === 'client' ? this.#fromClient : this.#fromDatabase).insideFrame
  }

  /** True where the database's last word was that it is ready. With statements in a row it may be so too early. */
  get isIdle(): boolean {
    return this.#isIdle
  }

  fromClient(chunk: Buffer): Soon<void> {
    this.#isIdle = false
    return this.#fromClient.push(chunk)
  }

  fromDatabase(chunk: Buffer): Soon<void> {
    return this.#fromDatabase.push(chunk)
  }

  #cutter(wanted: Uint8Array, outlet: Outlet): FrameCutter {
    const take = () => this.#ready()
    return new FrameCutter(wanted, {
      take,
      outlet,
      heldSizeMax: HEADERS_ONLY,
      oversized: () => 'pass',
    })
  }

  #ready(): boolean {
    this.#isReady = true
    this.#isIdle = true
    return false
  }
}

const nothing = messageTypes()
const readyOnly = messageTypes(Backend.readyForQuery)
