/** Recorded conversations said once more, with bad messages of either side among them. All of it follows from a seed. */
import type { Soon } from '../../../../foundation/index.ts'
import type { Access } from '../../../../transform/index.ts'
import { type Outlet, ProtocolError } from '../../../../wire/index.ts'
import type { Side } from '../../../conversation.ts'
import { PostgresConversation } from '../../conversation.ts'
import { type ConversationParts, framesOf } from '../index.ts'
import { Random } from '../random.ts'
import type { Recording, Turn } from '../recordings.ts'
import { mutate } from './mutate.ts'

const HELD_SIZE_MAX = 1 << 16
/** How often a turn of a liar is one. */
const LIES = 0.3

/** What the fuzzer says, ready to be said. */
export class Corpus {
  readonly conversations: readonly (readonly Said[])[]
  /** All messages of each side. */
  readonly messages: Readonly<Record<Side, readonly Buffer[]>>

  constructor(recordings: readonly Recording[]) {
    this.conversations = recordings.map(({ turns }) => turns.map(saidOf))
    const all = this.conversations.flat()
    const of = (side: Side) =>
      all.filter(({ from }) => from === side).flatMap((said) => said.frames)
    this.messages = { client: of('client'), database: of('database') }
  }
}

interface Said {
  readonly from: Side
  readonly frames: readonly Buffer[]
}

function saidOf({ from, bytes }: Turn): Said {
  return { from, frames: framesOf(bytes).map((frame) => frame.bytes) }
}

/** How a run has ended. */
export interface FuzzEnd {
  readonly messages: number
  /** True where the connection was ended by a protocol error; else it went on to the end. */
  readonly isRefused: boolean
}

/** Runs one conversation. Rejects with what was thrown where that is no ProtocolError; its message names the seed. */
export async function fuzz(
  seed: number,
  corpus: Corpus,
  parts: ConversationParts,
  access: Access,
): Promise<FuzzEnd> {
  const random = new Random(seed)
  const conversation = new PostgresConversation(
    { ...parts, heldSizeMax: HELD_SIZE_MAX },
    access,
    { refused: () => {}, passedUnprotected: () => {} },
    nowhere,
    nowhere,
  )
  const turns = random.pick(corpus.conversations)
  // The database is the one that lies in some runs, the client in others.
  const liars = random.pick([['client'], ['database'], ['client', 'database']] as const)
  let messages = 0
  const busy: Record<Side, boolean> = { client: false, database: false }
  let failure: unknown = null
  const say = (from: Side, bytes: Buffer): void => {
    const said: Soon<void> =
      from === 'client' ? conversation.fromClient(bytes) : conversation.fromDatabase(bytes)
    if (!(said instanceof Promise)) return
    busy[from] = true
    said.then(
      () => {
        busy[from] = false
      },
      (error: unknown) => {
        failure = error
      },
    )
  }
  try {
    for (const [index, { from, frames }] of turns.entries()) {
      // The greeting of the database stays whole in most runs: without it nothing is heard of a client.
      const mayLie = liars.some((side) => side === from) && random.chance(LIES)
      const isLie = mayLie && (index > 0 || random.chance(0.1))
      const said = isLie ? mutate(frames, random, corpus.messages[from]) : frames
      messages += said.length
      for (const chunk of chunksOf(Buffer.concat(said), random)) {
        if (!busy[from]) say(from, chunk)
        if (busy.client || busy.database) await new Promise(setImmediate)
        if (failure !== null) throw failure
      }
    }
  } catch (error) {
    if (error instanceof ProtocolError) return { messages, isRefused: true }
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  return { messages, isRefused: false }
}

const nowhere: Outlet = { pass: () => {}, put: () => {}, flush: () => {} }

function* chunksOf(stream: Buffer, random: Random): Generator<Buffer> {
  const isWhole = random.chance(0.5)
  for (let at = 0; at < stream.length; ) {
    const end = isWhole ? stream.length : at + 1 + random.below(stream.length - at)
    yield stream.subarray(at, end)
    at = end
  }
}
