import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type AuditFormat, AuditLineError, lineForms } from './lines.ts'

/** A signed line as it stands in a file, without its newline. */
export interface LogLine {
  readonly line: string
  readonly tag: string
}

/** Further back nobody looks for a line. */
const LOOK_BACK = [1, 8, 64].map((mebibytes) => mebibytes * 1024 * 1024)

/**
 * The signed lines of a log behind the one with this tag, which a crash has left without a checkpoint; null where that line is not in
 * the last 64 MiB of the file, or there is no file.
 */
export function linesBehind(path: string, format: AuditFormat, tag: string): LogLine[] | null {
  for (const size of LOOK_BACK) {
    const end = endOf(path, size)
    if (end === null) return null
    const at = end.bytes.lastIndexOf(tag)
    if (at !== -1) return signedLines(end.bytes.subarray(end.bytes.indexOf('\n', at) + 1), format)
    if (end.isWhole) return null
  }
  return null
}

function endOf(path: string, size: number): { bytes: Buffer; isWhole: boolean } | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return null
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) return null
    const bytes = Buffer.alloc(Math.min(stats.size, size))
    readSync(file, bytes, 0, bytes.length, stats.size - bytes.length)
    return { bytes, isWhole: stats.size <= size }
  } finally {
    closeSync(file)
  }
}

function signedLines(bytes: Buffer, format: AuditFormat): LogLine[] {
  const lines: LogLine[] = []
  let begin = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, begin)) {
    const line = bytes.subarray(begin, end)
    begin = end + 1
    const tag = tagOf(line, format)
    if (tag !== null) lines.push({ line: line.toString(), tag })
  }
  return lines
}

function tagOf(line: Buffer, format: AuditFormat): string | null {
  if (line.length === 0) return null
  try {
    return lineForms[format].signed(line)?.tag.toString('hex') ?? null
  } catch (error) {
    if (error instanceof AuditLineError) return null
    throw error
  }
}
