import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** System calls that change files, as Node makes them; `openat` counts where it makes one. */
const syscalls = [
  'openat',
  'mkdir',
  'pwrite64',
  'fchmod',
  'chmod',
  'fsync',
  'link',
  'rename',
  'unlink',
  'copy_file_range',
] as const

export type Syscall = (typeof syscalls)[number]

/** What happens in the place of a system call. */
export const faults = {
  SIGKILL: 'signal=SIGKILL',
  ENOSPC: 'error=ENOSPC',
  EIO: 'error=EIO',
} as const

export type Fault = keyof typeof faults

/** One system call of a run: the n-th of its name, from 1. */
export interface Point {
  readonly syscall: Syscall
  readonly occurrence: number
}

export type Outcome = 'done' | 'failed' | 'killed'

/** Code for a process of its own, and the folder that it changes. */
export interface Work {
  readonly folder: string
  /** Goes before, without a fault; `folder` is known. */
  readonly setup: string
  readonly code: string
}

/**
 * Has one thread for files, so that system calls have an order, says which it is, and begins when it is told. What fails is told by the exit
 * status.
 */
const program = ({ setup, code }: Work) => `
  const { readdirSync, readFileSync, readSync, promises } = await import('node:fs')
  const switches = (thread) =>
    Number(/^voluntary_ctxt_switches:\\s*(\\d+)/m.exec(readFileSync('/proc/self/task/' + thread + '/status', 'utf8'))[1])
  // The thread for files is there from the first use on.
  await promises.stat('/')
  const threads = readdirSync('/proc/self/task').filter((thread) => thread !== String(process.pid))
  const folder = process.argv[1]
  ${setup}
  const before = threads.map(switches)
  for (let round = 0; round < 300; round++) await promises.stat('/')
  const gains = threads.map((thread, at) => switches(thread) - before[at])
  console.log(threads[gains.indexOf(Math.max(...gains))])
  readSync(0, Buffer.alloc(1))
  try {
    ${code}
  } catch (error) {
    if (!error.code?.startsWith?.('keystore-')) console.error(error)
    process.exitCode = 3
  }
`

/** How often a work is watched: the thread for files is told by how often it waits, and on a busy machine another one may look like it. */
export const LOOKS = 5

/** The system calls of the work that change files below its folder: at least one. It is done several times where it is not seen at once. */
export async function pointsOf(work: Work, again: () => void): Promise<readonly Point[]> {
  for (let look = 0; look < LOOKS; look++) {
    const points = await pointsSeen(work)
    if (points.length > 0) return points
    again()
  }
  throw new Error('the work changes no file')
}

async function pointsSeen(work: Work): Promise<readonly Point[]> {
  const folder = mkdtempSync(join(tmpdir(), 'acra-strace-'))
  const log = join(folder, 'log')
  try {
    const outcome = await traced(work, ['-y', '-o', log])
    if (outcome !== 'done') throw new Error(`the work ${outcome} without a fault`)
    return readPoints(readFileSync(log, 'utf8'), work.folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs the work with a fault in the place of one of its system calls. */
export function runWithFault(work: Work, point: Point, fault: Fault): Promise<Outcome> {
  const { syscall, occurrence } = point
  const injection = `inject=${syscall}:${faults[fault]}:when=${occurrence}`
  return traced(work, ['-o', '/dev/null', '-e', injection])
}

function readPoints(log: string, folder: string): readonly Point[] {
  const counts = new Map<string, number>()
  const points: Point[] = []
  for (const line of log.split('\n')) {
    const name = /^(?:\d+\s+)?([a-z_0-9]+)\(/.exec(line)?.[1]
    const syscall = syscalls.find((known) => known === name)
    if (syscall === undefined) continue
    const occurrence = (counts.get(syscall) ?? 0) + 1
    counts.set(syscall, occurrence)
    const changes = syscall !== 'openat' || line.includes('O_CREAT')
    if (changes && line.includes(folder)) points.push({ syscall, occurrence })
  }
  return points
}

async function traced(work: Work, words: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(work), work.folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { UV_THREADPOOL_SIZE: '1' },
  })
  const ended = once(child, 'exit')
  const thread = String((await once(child.stdout, 'data'))[0]).trim()
  const strace = spawn('strace', ['-e', `trace=${syscalls.join()}`, ...words, '-p', thread], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    await attached(strace)
    child.stdin.end('g')
    const [status, signal] = await ended
    if (signal === 'SIGKILL') return 'killed'
    if (status === 0) return 'done'
    if (status === 3) return 'failed'
    throw new Error(`the child ended with ${status ?? signal}`)
  } finally {
    child.kill('SIGKILL')
    if (strace.exitCode === null) {
      const gone = once(strace, 'exit')
      strace.kill()
      await gone
    }
  }
}

async function attached(strace: ChildProcess): Promise<void> {
  let said = ''
  for await (const chunk of strace.stderr!) {
    said += String(chunk)
    if (said.includes('attached')) break
  }
  if (!said.includes('attached')) throw new Error(`strace: ${said}`)
}
