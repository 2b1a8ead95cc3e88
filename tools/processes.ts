/** Processes, as /proc shows them. */
import { readdirSync, readFileSync } from 'node:fs'

/** The processes that `pid` has started, the eldest first. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => Number(/^PPid:\s+(\d+)$/m.exec(statusOf(child))?.[1]) === pid)
    .sort((a, b) => startOf(a) - startOf(b))
}

/** Resident memory, in MiB; 0 where the process has ended. */
export function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(statusOf(pid))?.[1] ?? 0) / 1024
}

/** When the process was started, in ticks of the system. */
function startOf(pid: number): number {
  // The name, in parentheses, may have spaces; behind it the start is the twentieth field.
  return Number(
    readProcess(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ')[19] ?? 0,
  )
}

function statusOf(pid: number): string {
  return readProcess(pid, 'status')
}

/** Empty where the process has ended meanwhile. */
function readProcess(pid: number, file: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
