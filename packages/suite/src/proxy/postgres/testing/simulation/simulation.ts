/**
 * A client, a conversation and a database without sockets: bytes go between them in pieces of any size, in any order of the
 * two directions, keys come late. All of it follows from a seed.
 */
import type { Soon } from '../../../../foundation/index.ts'
import type { MemoryKeystore } from '../../../../transform/testing/index.ts'
import type { Outlet } from '../../../../wire/index.ts'
import { parameterStatus, readyForQuery } from '../../../../wire/postgres/testing/index.ts'
import { PostgresConversation } from '../../conversation.ts'
import type { ConversationParts } from '../index.ts'
import { Random } from '../random.ts'
import { SimulatedDatabase } from './database.ts'
import { difference } from './difference.ts'
import { LateKeys } from './late-keys.ts'
import { type Script, writeScript } from './script.ts'
import { CANARY } from './statements.ts'

/** What went wrong in a run; its message names the seed. */
export class SimulationFailure extends Error {
  constructor(seed: number, what: string, options?: ErrorOptions) {
    super(`seed ${seed}: ${what}`, options)
  }
}

/**
 * Runs the simulation of `seed`. Rejects with a SimulationFailure where the client does not get what it would get from the
 * database directly, a secret reaches the database, something is owed at the end, or nothing goes on.
 */
export async function simulate(
  seed: number,
  parts: ConversationParts,
  keystore: MemoryKeystore,
): Promise<void> {
  const random = new Random(seed)
  const script = writeScript(random)
  const run = new Run(random, script, parts, keystore)
  try {
    await run.toEnd()
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new SimulationFailure(seed, what, { cause })
  }
}

const CLIENT_ID = 'alice'
const SCRIBBLE = 0xee

/** What was flushed towards one side and has not arrived yet. */
class Line implements Outlet {
  #unflushed: Buffer[] = []
  #bytes: Buffer = Buffer.alloc(0)

  pass(chunk: Buffer, start: number, end: number): void {
    this.#unflushed.push(chunk.subarray(start, end))
  }

  put(bytes: Buffer): void {
    this.#unflushed.push(bytes)
  }

  flush(): void {
    this.#bytes = Buffer.concat([this.#bytes, ...this.#unflushed])
    this.#unflushed = []
  }

  get isHolding(): boolean {
    return this.#unflushed.length > 0
  }

  get size(): number {
    return this.#bytes.length
  }

  add(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
  }

  take(size: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, size))
    this.#bytes = this.#bytes.subarray(size)
    return taken
  }
}

class Run {
  readonly #random: Random
  readonly #script: Script
  readonly #keys: LateKeys
  readonly #conversation: PostgresConversation
  readonly #database = new SimulatedDatabase('as bytea')
  readonly #refusals = new Set<string>()
  /** The four stretches that bytes travel on. */
  readonly #fromClient = new Line()
  readonly #toDatabase = new Line()
  readonly #fromDatabase = new Line()
  readonly #toClient = new Line()
  #clientIsBusy = false
  #databaseIsBusy = false
  #error: unknown = null
  #nextStep = 0
  #got: Buffer = Buffer.alloc(0)
  #gotCount = 0
  #countedTo = 0
  /** How eager each of the movers is. */
  readonly #weights: readonly number[]

  constructor(random: Random, script: Script, parts: ConversationParts, keystore: MemoryKeystore) {
    this.#random = random
    this.#script = script
    const lateness = random.pick([0, 0.3, 1])
    this.#keys = new LateKeys(keystore, () => random.chance(lateness))
    this.#weights = Array.from({ length: 5 }, () => random.pick([1, 1, 4, 16]))
    this.#conversation = new PostgresConversation(
      { heldSizeMax: 1 << 20, ...parts },
      { clientId: CLIENT_ID, keys: this.#keys.keys, observer: null, poison: null, tokens: null },
      {
        refused: ({ message }) => this.#refusals.add(message),
        passedUnprotected: () => {},
      },
      this.#toClient,
      this.#toDatabase,
    )
    const setting = parameterStatus('standard_conforming_strings', random.pick(['on', 'off']))
    this.#conversation.fromDatabase(Buffer.concat([setting, readyForQuery('I')]))
    this.#toClient.take(this.#toClient.size)
  }

  async toEnd(): Promise<void> {
    const cut = this.#random.chance(0.1) ? this.#random.below(40) : Number.POSITIVE_INFINITY
    for (let moves = 0; moves < cut; moves++) {
      this.#clientSends()
      const move = this.#pickMove()
      if (move === null) break
      move()
      // What waits for promises goes on before the next move.
      if (this.#clientIsBusy || this.#databaseIsBusy) await new Promise(setImmediate)
      if (this.#error !== null) throw this.#error
    }
    const isCut = cut !== Number.POSITIVE_INFINITY
    const found = difference(this.#got, this.#script.answer, this.#refusals, isCut)
    if (found !== null) throw new Error(found)
    if (isCut) return
    if (this.#fromClient.size > 0 && !this.#database.hasLeft) throw new Error('nothing goes on')
    if (!this.#script.isOver && !this.#conversation.isIdle) throw new Error('something is owed')
  }

  /** Says what comes next as soon as the client has seen what it waits for. */
  #clientSends(): void {
    const { steps } = this.#script
    for (let step = steps[this.#nextStep]; step !== undefined; step = steps[this.#nextStep]) {
      if (step.after > this.#gotCount) return
      this.#fromClient.add(step.bytes)
      this.#nextStep++
    }
  }

  /** One of the things that can happen next; null where nothing can. */
  #pickMove(): (() => void) | null {
    const random = this.#random
    const moves = [
      this.#fromClient.size > 0 && !this.#clientIsBusy ? () => this.#clientToUs() : null,
      this.#toDatabase.size > 0 ? () => this.#usToDatabase() : null,
      this.#fromDatabase.size > 0 && !this.#databaseIsBusy ? () => this.#databaseToUs() : null,
      this.#toClient.size > 0 ? () => this.#usToClient() : null,
      this.#keys.waitingCount > 0 ? () => this.#keyComes() : null,
    ]
    let total = 0
    for (const [i, move] of moves.entries()) total += move === null ? 0 : this.#weights[i]!
    if (total === 0) return null
    let at = random.below(total)
    for (const [i, move] of moves.entries()) {
      if (move === null) continue
      at -= this.#weights[i]!
      if (at < 0) return move
    }
    return null
  }

  #clientToUs(): void {
    const chunk = this.#fromClient.take(this.#size(this.#fromClient))
    const done = this.#guarded(() => this.#conversation.fromClient(chunk))
    this.#clientIsBusy = this.#later(done, () => {
      this.#clientIsBusy = false
      if (!this.#toDatabase.isHolding) chunk.fill(SCRIBBLE)
    })
  }

  #databaseToUs(): void {
    const chunk = this.#fromDatabase.take(this.#size(this.#fromDatabase))
    const done = this.#guarded(() => this.#conversation.fromDatabase(chunk))
    this.#databaseIsBusy = this.#later(done, () => {
      this.#databaseIsBusy = false
      if (!this.#toClient.isHolding) chunk.fill(SCRIBBLE)
    })
  }

  #usToDatabase(): void {
    const bytes = this.#toDatabase.take(this.#size(this.#toDatabase))
    this.#seen = Buffer.concat([this.#seen, bytes])
    const at = this.#seen.indexOf(CANARY)
    if (at !== -1) {
      const where = this.#seen.toString('latin1', Math.max(0, at - 60), at)
      throw new Error(`a secret has reached the database behind ${JSON.stringify(where)}`)
    }
    this.#seen = this.#seen.subarray(-100)
    this.#fromDatabase.add(this.#database.take(bytes))
  }

  /** The last bytes that the database got: a secret may come in pieces. */
  #seen: Buffer = Buffer.alloc(0)

  #usToClient(): void {
    this.#got = Buffer.concat([this.#got, this.#toClient.take(this.#size(this.#toClient))])
    while (this.#got.length - this.#countedTo >= 5) {
      const end = this.#countedTo + 1 + this.#got.readInt32BE(this.#countedTo + 1)
      if (end > this.#got.length) break
      this.#countedTo = end
      this.#gotCount++
    }
  }

  #keyComes(): void {
    this.#keys.release(this.#random.below(this.#keys.waitingCount))
  }

  /** How much of what is on its way arrives in one piece. */
  #size({ size }: Line): number {
    const random = this.#random
    const kind = random.below(8)
    if (kind === 0) return 1
    if (kind < 3) return 1 + random.below(Math.min(size, 12))
    return kind < 5 ? 1 + random.below(size) : size
  }

  #guarded(work: () => Soon<void>): Soon<void> {
    try {
      return work()
    } catch (error) {
      this.#error = error
    }
  }

  /** Calls `done` now or when the promise is settled; true where it is late. */
  #later(result: Soon<void>, done: () => void): boolean {
    if (!(result instanceof Promise)) {
      done()
      return false
    }
    result.then(done, (error) => {
      this.#error = error
    })
    return true
  }
}
