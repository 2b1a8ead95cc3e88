/** A client that reads a large answer slowly: what it does not take must wait in the database, and not in the proxy. */
import { setTimeout as sleep } from 'node:timers/promises'
import { message } from '../e2e/frontend.ts'
import { memoryOf } from '../tools/processes.ts'
import type { Contestant, Name } from './contestants.ts'
import { login } from './raw.ts'

/** About 1 GB. */
const LARGE = "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"
const BYTES_PER_SECOND = 3_000_000
const SECONDS = 8
const STEP_MS = 50

export interface SlowRow {
  readonly name: Name
  /** The most that the memory of the process has grown by, in MiB. */
  readonly growthMiB: number
}

export const slowNames: readonly Name[] = [
  'pgbouncer',
  'haproxy',
  'bare',
  'acra-server',
  'no scan',
  'tls',
]

/** Measures one contestant. */
export async function measureSlowReader(contestant: Contestant): Promise<SlowRow> {
  const pid = contestant.processId ?? 0
  const socket = await login(contestant)
  socket.pause()
  const before = memoryOf(pid)
  let most = before
  let allowed = 0
  let taken = 0
  socket.on('data', (chunk) => {
    taken += chunk.length
    if (taken >= allowed) socket.pause()
  })
  socket.write(message.query(LARGE))
  for (let time = 0; time < SECONDS * 1000; time += STEP_MS) {
    allowed += (BYTES_PER_SECOND * STEP_MS) / 1000
    if (taken < allowed) socket.resume()
    await sleep(STEP_MS)
    most = Math.max(most, memoryOf(pid))
  }
  if (taken < allowed / 2) throw new Error(`only ${taken} bytes came through ${contestant.name}`)
  socket.destroy()
  console.log(`slow reader: ${contestant.name} ${(most - before).toFixed(1)} MiB`)
  return { name: contestant.name, growthMiB: most - before }
}
