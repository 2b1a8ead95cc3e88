/**
 * Looks for a secret in this process's own memory, as one who has got hold of it would. The secret is given masked, and never
 * put together, so that the search does not find itself.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const MASK = 0xa5
const CHUNK_SIZE = 1 << 22

setFlagsFromString('--expose-gc')

const collectGarbage: () => void = runInNewContext('gc')

/** Where keys are used as key objects, which is in Node 24: frees them, for Node overwrites them then and not before. */
export function freeKeyObjects(): void {
  if (process.version.startsWith('v24.')) collectGarbage()
}

/** Why memory cannot be searched here; null where it can. */
export const unsearchable: string | null =
  process.platform === 'linux' ? null : 'there is no /proc/self/mem on this system'

/** Why nothing can be said here of secrets that passed through a cipher; null where it can. */
export const leavesCopies: string | null =
  Number.parseInt(process.versions.node, 10) >= 24
    ? 'from version 24 on Node itself leaves copies of what a cipher returns in memory that it has freed'
    : unsearchable

/**
 * A masked copy of the second half of a secret, to search for after the secret has been overwritten. The first half would
 * not tell: the allocator writes over the first bytes of what is freed.
 */
export function masked(secret: Uint8Array): Uint8Array {
  const half = secret.subarray(secret.length >> 1)
  const bytes = Buffer.allocUnsafeSlow(half.length)
  for (let i = 0; i < half.length; i++) bytes[i] = half[i] ^ MASK
  return bytes
}

/** As `masked`, in the order in which OpenSSL keeps large numbers. */
export function maskedReversed(secret: Uint8Array): Uint8Array {
  const reversed = Buffer.from(secret).reverse()
  const bytes = masked(reversed)
  reversed.fill(0)
  return bytes
}

/** How often the secret stands in the writable memory of this process. */
export function countInMemory(secret: Uint8Array): number {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_SIZE)
  const memory = openSync('/proc/self/mem', 'r')
  let count = 0
  for (const { start, end } of writableRanges()) {
    let at = start
    while (at < end) {
      const size = readAt(memory, chunk, at, Math.min(CHUNK_SIZE, end - at))
      if (size === 0) break
      count += countIn(chunk, size, secret)
      // A secret that is cut by the end of a chunk is whole in the next one.
      at += size < CHUNK_SIZE ? size : size - secret.length + 1
    }
  }
  chunk.fill(0)
  closeSync(memory)
  return count
}

function countIn(chunk: Buffer, size: number, secret: Uint8Array): number {
  const first = secret[0] ^ MASK
  let count = 0
  for (let at = chunk.indexOf(first); at !== -1; at = chunk.indexOf(first, at + 1)) {
    if (at + secret.length > size) break
    let same = 1
    while (same < secret.length && chunk[at + same] === (secret[same] ^ MASK)) same++
    if (same === secret.length) count++
  }
  return count
}

function readAt(file: number, chunk: Buffer, at: number, size: number): number {
  try {
    return readSync(file, chunk, 0, size, at)
  } catch {
    return 0 // a range that went away meanwhile
  }
}

function* writableRanges(): Generator<{ start: number; end: number }> {
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line)
    if (range === null || line.endsWith('[vvar]')) continue
    yield { start: Number.parseInt(range[1], 16), end: Number.parseInt(range[2], 16) }
  }
}
