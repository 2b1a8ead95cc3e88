import { closeSync, createReadStream, openSync, readdirSync, readSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Longer than any line of a log; a longer one is cut, and does not verify. */
export const LINE_SIZE_MAX = 16 * 1024 * 1024

const NEWLINE = 10
const GZIP = Buffer.from('1f8b', 'hex')

/**
 * The lines of a log file, gzip or not, without their newlines: all that are complete in a piece of it at a time. Rejects where the file
 * cannot be read.
 */
export async function* linesOf(path: string): AsyncGenerator<Buffer[]> {
  const isPacked = isGzip(path)
  const file = createReadStream(path)
  const stream: Readable = isPacked ? file.pipe(createGunzip()) : file
  // A pipe does not carry the failure of its source.
  file.on('error', (error) => stream.destroy(error))
  let pieces: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines: Buffer[] = []
    let begin = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
      lines.push(Buffer.concat([...pieces, chunk.subarray(begin, end)]))
      pieces = []
      size = 0
      begin = end + 1
    }
    const rest = chunk.subarray(begin)
    if (size + rest.length <= LINE_SIZE_MAX) pieces.push(rest)
    size += rest.length
    if (lines.length > 0) yield lines
  }
  const last = Buffer.concat(pieces)
  if (last.length > 0) yield [last]
}

function isGzip(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(GZIP.length)
    return readSync(file, head, 0, head.length, 0) === head.length && head.equals(GZIP)
  } finally {
    closeSync(file)
  }
}

/**
 * The files that logrotate has made of a log, oldest first, and the log itself: `acra.log.2.gz`, `acra.log.1`, `acra.log`; or
 * `acra.log-20261124`, `acra.log`.
 */
export function rotatedFiles(path: string): string[] {
  const folder = dirname(path)
  const name = basename(path)
  const numbered: [number, string][] = []
  const dated: string[] = []
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith(name)) continue
    const [, number, date] =
      /^(?:\.(\d{1,6})|[-.](\d{8}(?:[-_.]?\d+)?))(?:\.gz)?$/.exec(entry.slice(name.length)) ?? []
    if (number !== undefined) numbered.push([Number(number), entry])
    else if (date !== undefined) dated.push(entry)
  }
  const oldest = numbered.sort(([a], [b]) => b - a).map(([, entry]) => entry)
  return [...dated.sort(), ...oldest].map((entry) => join(folder, entry)).concat(path)
}
