/** What an idle connection takes of a proxy's memory: thousands of them, logged in, one statement asked each, then silence. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from '../tools/processes.ts'
import { root } from '../tools/repository.ts'
import { type Contestant, type Ground, type Name, start } from './contestants.ts'
import { ask, login } from './raw.ts'

/** Connections that are there before, so that what is taken once is not counted. */
const WARM_UP_COUNT = 200
const AT_A_TIME = 25
/** For what the collector of garbage and the kernel do late. */
const REST_MS = 2000

export interface IdleRow {
  readonly name: Name
  readonly connections: number
  readonly kBPerConnection: number
}

export const idleNames: readonly Name[] = ['haproxy', 'bare', 'acra-server', 'public api', 'tls']

/** Measures each contestant by itself, against a database that is a stand-in. */
export async function measureIdle(
  names: readonly Name[],
  ground: Ground,
  connections: number,
): Promise<IdleRow[]> {
  const rows: IdleRow[] = []
  for (const name of names) {
    const database = await startStandIn(ground)
    const contestant = await start(name, {
      ...ground,
      database: { ...ground.database, ...database },
    })
    const kB = await growth(contestant, connections)
    rows.push({ name, connections, kBPerConnection: kB })
    console.log(`idle, ${connections}: ${name} ${kB.toFixed(1)} kB a connection`)
  }
  return rows
}

async function growth(contestant: Contestant, connections: number): Promise<number> {
  const pid = contestant.processId ?? 0
  const sockets = await open(contestant, WARM_UP_COUNT)
  await sleep(REST_MS)
  const before = memoryOf(pid)
  sockets.push(...(await open(contestant, connections)))
  await sleep(REST_MS)
  const after = memoryOf(pid)
  if (sockets.some((socket) => socket.destroyed)) throw new Error('idle connections were lost')
  for (const socket of sockets) socket.destroy()
  return ((after - before) * 1024) / connections
}

async function open(contestant: Contestant, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_A_TIME, count - sockets.length) }, async () => {
      const socket = await login(contestant)
      await ask(socket, 'SELECT n FROM numbers WHERE n = 1')
      return socket
    })
    sockets.push(...(await Promise.all(some)))
  }
  return sockets
}

async function startStandIn({ sandbox }: Ground): Promise<{ host: string; port: number }> {
  const program = join(root, '.build/bench/stand-in.js')
  const child = sandbox.spawn(process.execPath, [program], 'TERM', {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout!), 'line')
  return { host: '127.0.0.1', port: Number(line) }
}
