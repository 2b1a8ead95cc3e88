/** What a figure depends on: the machine, the programs and the commit; and the CPU time of a process. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { childrenOf } from '../tools/processes.ts'
import { root } from '../tools/repository.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly commit: string
  /** Of the last minute. */
  readonly load: number
}

export function machine(): Machine {
  const [first] = cpus()
  return {
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
    commit: commit(),
    load: loadavg()[0] ?? Number.NaN,
  }
}

/** The commit that was measured, with a mark where files differ from it. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const changed = git('status', '--porcelain').trim() === '' ? '' : ' with changes'
    return `${git('rev-parse', '--short=12', 'HEAD').trim()}${changed}`
  } catch {
    return 'unknown'
  }
}

/** Nanoseconds that all threads of a process and of its children have spent on a CPU. Of a thread that has ended nothing is left. */
export function cpuTimeNs(processId: number): number {
  return [processId, ...childrenOf(processId)].reduce((sum, pid) => sum + ownTimeNs(pid), 0)
}

function ownTimeNs(processId: number): number {
  const tasks = `/proc/${processId}/task`
  return readdirSync(tasks)
    .map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, time) => sum + time, 0)
}

/** The middle of the values, or of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const at = (index: number) => sorted[index] ?? Number.NaN
  return sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2
}
