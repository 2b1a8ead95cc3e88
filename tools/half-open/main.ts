/**
 * `npm run lab -- half-open [--count=10000] [--timeout=20] [--hold=10]`: that many connections which are half open, in every way that there is, to each of
 * our programs in turn: once by the defaults, where the eldest give way, and once with room for all of them. Ends with 1 where a client that
 * behaves is not served, or waits for more than a second while they are held, where a connection is not closed, or where memory runs away.
 */
import { parseArgs } from 'node:util'
import { maxOpenFiles } from '../../e2e/half-open/open-files.ts'
import { besiege, type Siege } from '../../e2e/half-open/siege.ts'
import { openGround, type StandName, standNames } from '../../e2e/half-open/stands.ts'
import { printTable } from '../demo/table.ts'
import { createSandbox } from '../sandbox.ts'

const WAIT_MAX_MS = 1000
/** Of one half-open connection, in the process that holds it. */
const KIB_MAX = 200
/** What the process has open besides. */
const OTHER_FILES = 200

const options = {
  count: { type: 'string', default: '10000' },
  timeout: { type: 'string', default: '20' },
  hold: { type: 'string', default: '10' },
} as const
const { count, timeout, hold } = parseArgs({ options }).values
const header = [
  'program',
  'room',
  'opened',
  'open at most, held',
  'closed',
  'KiB each',
  'MiB before, held, after',
  'visits, p50 and most ms: opening',
  'held',
]

process.exitCode = await run(Number(count), Number(timeout), Number(hold))

async function run(connections: number, timeoutSeconds: number, holdSeconds: number) {
  // acra-connector has two sockets for each.
  const needed = 2 * connections + OTHER_FILES
  const allowed = maxOpenFiles()
  if (allowed < connections + OTHER_FILES) {
    console.error(
      `${connections} connections need ${needed} open files, and ${allowed} are allowed: raise the limit (ulimit -Hn ${needed}) or take fewer (--count)`,
    )
    return 1
  }
  const room = Math.min(connections, Math.floor((allowed - OTHER_FILES) / 2))
  const sandbox = createSandbox('half-open')
  const ground = await openGround(sandbox)
  const rows: string[][] = []
  const faults: string[] = []
  try {
    for (const name of standNames) {
      for (const isRoomy of [false, true]) {
        const flags = [
          `--startup_timeout=${timeoutSeconds}`,
          ...(isRoomy
            ? [
                `--max_connections_starting=${2 * connections}`,
                `--max_connections=${2 * connections}`,
              ]
            : []),
        ]
        const stand = await ground.start(name, flags)
        const siege = await besiege(stand, {
          count: isRoomy ? room : connections,
          holdMs: holdSeconds * 1000,
          patienceMs: (timeoutSeconds + 30) * 1000,
        })
        await stand.stop()
        rows.push(rowOf(name, isRoomy, siege))
        console.log(printTable(header, [rows.at(-1) as string[]], 200))
        faults.push(...faultsOf(name, siege))
      }
    }
  } finally {
    await sandbox.remove()
    await ground.stop()
  }
  console.log(printTable(header, rows, 200))
  for (const fault of faults) console.error(fault)
  return faults.length === 0 ? 0 : 1
}

function rowOf(name: StandName, isRoomy: boolean, siege: Siege): string[] {
  const { opened, most, held, closed, memoryMiB, opening, holding } = siege
  return [
    name,
    isRoomy ? 'for all' : 'default',
    String(opened),
    `${most}, ${held}`,
    String(closed),
    kibEach(siege).toFixed(1),
    memoryMiB.map((size) => size.toFixed(0)).join(', '),
    ...[opening, holding].map(
      ({ count, p50Ms, maxMs }) => `${count}: ${p50Ms.toFixed(0)}, ${maxMs.toFixed(0)}`,
    ),
  ]
}

function kibEach({ most, memoryMiB: [before, held] }: Siege): number {
  return ((held - before) * 1024) / most
}

function* faultsOf(name: StandName, siege: Siege): Iterable<string> {
  const { opened, closed, opening, holding } = siege
  for (const { failures } of [opening, holding]) {
    if (failures.length > 0) yield `${name}: ${failures.length} visits failed: ${failures[0]}`
  }
  // While they are being opened this process is as busy as the one that they are opened to.
  const { maxMs } = holding
  if (!(maxMs <= WAIT_MAX_MS)) yield `${name}: somebody has waited for ${maxMs.toFixed(0)} ms`
  if (closed < opened) yield `${name}: ${opened - closed} connections were not closed`
  if (kibEach(siege) > KIB_MAX) yield `${name}: a connection takes too much memory`
}
