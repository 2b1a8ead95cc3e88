import { closeSync, openSync, readSync } from 'node:fs'
import { ConfigurationError } from '../errors.ts'

/**
 * The text of a configuration file; null where it is missing and that is allowed.
 *
 * @throws ConfigurationError where it cannot be read, is larger than `sizeMax` bytes or is not UTF-8.
 */
export function readTextFile(path: string, sizeMax: number, mayBeMissing: true): string | null
export function readTextFile(path: string, sizeMax: number, mayBeMissing?: false): string
export function readTextFile(path: string, sizeMax: number, mayBeMissing: boolean): string | null
export function readTextFile(path: string, sizeMax: number, mayBeMissing = false): string | null {
  const bytes = readBytes(path, sizeMax, mayBeMissing)
  return bytes === null ? null : decode(path, bytes)
}

function readBytes(path: string, sizeMax: number, mayBeMissing: boolean): Uint8Array | null {
  let bytes: Uint8Array
  try {
    bytes = readAtMost(path, sizeMax + 1)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && mayBeMissing) return null
    throw failed(path, unreadable(code), error)
  }
  if (bytes.length <= sizeMax) return bytes
  throw failed(path, `the configuration file is larger than ${sizeMax} bytes`)
}

/** The first `size` bytes of a file, or of a pipe, and no more however long it is. */
function readAtMost(path: string, size: number): Uint8Array {
  const bytes = Buffer.alloc(size)
  const file = openSync(path, 'r')
  try {
    let end = 0
    for (let read = -1; read !== 0 && end < size; end += read)
      read = readSync(file, bytes, end, size - end, null)
    return bytes.subarray(0, end)
  } finally {
    closeSync(file)
  }
}

function unreadable(code: string | undefined): string {
  switch (code) {
    case 'ENOENT':
      return 'the configuration file does not exist'
    case 'EACCES':
    case 'EPERM':
      return 'the configuration file cannot be read: permission denied'
    case 'EISDIR':
      return 'the configuration file is a folder'
    default:
      return `the configuration file cannot be read (${code ?? 'unknown reason'})`
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw failed(path, 'the configuration file is not valid UTF-8', error)
  }
}

function failed(path: string, text: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError([{ origin: path, text }], { cause })
}
