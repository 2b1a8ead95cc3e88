import type { Socket } from 'node:net'
import type { ServerOptions } from '../options.ts'
import { Pulse } from './pulse.ts'
import type { WorkerProcess } from './worker-process.ts'

/** One worker in the supervisor's books. */
export class Member {
  readonly number: number
  readonly startedMs: number
  /** The options that it works by, or will once it has read them. */
  options: ServerOptions
  process: WorkerProcess | null = null
  isReady = false
  readonly pulse = new Pulse()
  /** It was killed because it did not answer. */
  isGivenUp = false
  /** Connections that it has, or is about to get. */
  load = 0
  /** Sockets that are on their way to it. */
  readonly inFlight = new Map<number, Socket>()
  /** Connections that it has counted in at the admission, by client id. */
  readonly admitted = new Map<string | null, number>()
  onReload: ((error: Error | null) => void) | null = null
  /** Those who wait for its next counts. */
  readonly onSnapshot: (() => void)[] = []
  /** Those who wait until it has forgotten its keys. */
  readonly onForgot: (() => void)[] = []
  /** Those who wait until it has learned a schema anew, in the order of the questions. */
  readonly onRelearned: (() => void)[] = []

  constructor(number: number, startedMs: number, options: ServerOptions) {
    this.number = number
    this.startedMs = startedMs
    this.options = options
  }
}

/** Those that are ready, and first those that answer. */
export function readyOf(members: Iterable<Member>): Member[] {
  const ready = [...members].filter(({ isReady }) => isReady)
  return ready.sort((a, b) => Number(a.pulse.isLate) - Number(b.pulse.isLate))
}

/** The worker that has the fewest connections, of those that answer where there is one; null where none is ready. */
export function leastLoaded(members: Iterable<Member>): Member | null {
  let best: Member | null = null
  for (const member of members) {
    if (member.isReady && (best === null || isBetter(member, best))) best = member
  }
  return best
}

function isBetter(a: Member, b: Member): boolean {
  if (a.pulse.isLate !== b.pulse.isLate) return b.pulse.isLate
  return a.load < b.load
}
