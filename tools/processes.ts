/** A process and its children, as /proc shows them. */
import { readdirSync, readFileSync } from 'node:fs'

/** The processes that `pid` has started. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid)
}

function parentOf(pid: number): number | null {
  const status = statusOf(pid)
  return status === null ? null : Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])
}

/** Resident memory of a process and its children, in MiB. */
export function memoryOf(pid: number): number {
  const sizes = [pid, ...childrenOf(pid)].map((process) =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(statusOf(process) ?? '')?.[1] ?? 0),
  )
  return sizes.reduce((sum, size) => sum + size, 0) / 1024
}

/** Null where the process has ended meanwhile. */
function statusOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
