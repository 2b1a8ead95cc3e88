import * as fs from 'node:fs'

/** Why the memory of another process cannot be searched here; null where it can. */
export const unsearchable: string | null =
  process.platform === 'linux' ? null : 'there is no /proc/PID/mem on this system'

const CHUNK_SIZE = 1 << 22

/** How often each pattern stands in the writable memory of a child process. */
export function countInMemory(pid: number, patterns: readonly Buffer[]): number[] {
  const counts = patterns.map(() => 0)
  const overlap = Math.max(...patterns.map(({ length }) => length)) - 1
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r')
  try {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_SIZE)
    for (const { start, end } of writableRanges(pid))
      for (let at = start; at < end; at += CHUNK_SIZE - overlap) {
        const size = readAt(memory, chunk, at, Math.min(CHUNK_SIZE, end - at))
        for (const [index, pattern] of patterns.entries())
          counts[index]! += countIn(chunk.subarray(0, size), pattern)
      }
    return counts
  } finally {
    fs.closeSync(memory)
  }
}

function countIn(chunk: Buffer, pattern: Buffer): number {
  let count = 0
  for (let at = chunk.indexOf(pattern); at !== -1; at = chunk.indexOf(pattern, at + 1)) count++
  return count
}

/** 0 where the range went away meanwhile. */
function readAt(file: number, chunk: Buffer, at: number, size: number): number {
  try {
    return fs.readSync(file, chunk, 0, size, at)
  } catch {
    return 0
  }
}

function writableRanges(pid: number): { start: number; end: number }[] {
  const maps = fs.readFileSync(`/proc/${pid}/maps`, 'latin1')
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)].map(([, start = '', end = '']) => ({
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
  }))
}
