/** Many half-open connections to one program, and a client that behaves in between. */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from '../../tools/processes.ts'
import type { Stand } from './stands.ts'

const AT_A_TIME = 50
/** The time between two visits of the client that behaves. */
const VISIT_PAUSE_MS = 50
const WARM_UP_VISITS = 10
const OPEN_PATIENCE_MS = 30_000

export interface SiegePlan {
  readonly count: number
  /** How long the program is watched once all are open. */
  readonly holdMs: number
  /** How long the end of the last of them is waited for. */
  readonly patienceMs: number
}

/** What the client that behaves has met, in milliseconds. */
export interface Visits {
  readonly count: number
  readonly p50Ms: number
  readonly maxMs: number
  readonly failures: readonly string[]
}

export interface Siege {
  readonly opened: number
  /** How many were open at a time, at most, and how many at the end of the watch. */
  readonly most: number
  readonly held: number
  /** How many were closed by the program before anybody's patience was over. */
  readonly closed: number
  readonly opening: Visits
  readonly holding: Visits
  /** Resident memory of the process: before, while they are held, and when all are gone. */
  readonly memoryMiB: readonly [before: number, held: number, after: number]
}

export async function besiege(stand: Stand, plan: SiegePlan): Promise<Siege> {
  for (let i = 0; i < WARM_UP_VISITS; i++) await stand.serve()
  const before = memoryOf(stand.pid)
  const sockets: Socket[] = []
  const opening = visiting(stand)
  const most = await openAll(stand, plan.count, sockets)
  const during = await opening.end()
  const watch = visiting(stand)
  await sleep(plan.holdMs)
  const holding = await watch.end()
  const held = open(sockets)
  const heldMiB = memoryOf(stand.pid)
  const deadline = performance.now() + plan.patienceMs
  while (open(sockets) > 0 && performance.now() < deadline) await sleep(50)
  const closed = sockets.length - open(sockets)
  for (const socket of sockets) socket.destroy()
  await stand.serve()
  const memoryMiB = [before, heldMiB, memoryOf(stand.pid)] as const
  return { opened: sockets.length, most, held, closed, opening: during, holding, memoryMiB }
}

/** Answers how many of them were open at a time, at most. */
async function openAll({ openings, place }: Stand, count: number, into: Socket[]): Promise<number> {
  let most = 0
  while (into.length < count) {
    const batch = Array.from({ length: Math.min(AT_A_TIME, count - into.length) }, (_, i) => {
      const opening = openings[(into.length + i) % openings.length]
      if (opening === undefined) throw new Error('no way to begin a connection')
      const late = AbortSignal.timeout(OPEN_PATIENCE_MS)
      return Promise.race([
        opening.open(place),
        new Promise<never>((_, reject) => {
          const error = new Error(`${opening.name} was not taken in time`)
          late.addEventListener('abort', () => reject(error))
        }),
      ])
    })
    into.push(...(await Promise.all(batch)))
    most = Math.max(most, open(into))
  }
  return most
}

function open(sockets: readonly Socket[]): number {
  return sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length
}

/** Lets the client come again and again until `end`. */
function visiting(stand: Stand): { end(): Promise<Visits> } {
  const times: number[] = []
  const failures: string[] = []
  let isOver = false
  const run = async () => {
    do {
      const begin = performance.now()
      try {
        await stand.serve()
        times.push(performance.now() - begin)
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
      }
      await sleep(VISIT_PAUSE_MS)
    } while (!isOver)
  }
  const done = run()
  return {
    async end() {
      isOver = true
      await done
      times.sort((a, b) => a - b)
      const p50Ms = times[Math.floor(times.length / 2)] ?? Number.NaN
      return { count: times.length, p50Ms, maxMs: times.at(-1) ?? Number.NaN, failures }
    },
  }
}
