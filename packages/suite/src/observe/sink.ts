import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'

/** Where lines go. A sink may throw: the logger counts the line as lost and goes on. */
export interface Sink {
  write(line: string): void
}

/** A log file: appended to, created for its owner alone (mode 0600), written at once. */
export class FileSink implements Sink {
  readonly #path: string
  #file: number

  /** @throws where the file cannot be opened. */
  constructor(path: string) {
    this.#path = path
    this.#file = openLog(path)
  }

  /** Where only a part could be written, as on a full disk, that part is taken back. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    let at = 0
    try {
      while (at < bytes.length) at += writeSync(this.#file, bytes, at)
    } catch (error) {
      if (at > 0) takeBack(this.#file, at)
      throw error
    }
  }

  /**
   * Goes on in the file that has the name now: after a rotation, a new one. Where that fails, the
   * old one stays in use and this throws.
   */
  reopen(): void {
    const file = openLog(this.#path)
    closeSync(this.#file)
    this.#file = file
  }

  /** Returns when all lines are on disk; a pipe or a terminal has none. */
  sync(): void {
    if (fstatSync(this.#file).isFile()) fdatasyncSync(this.#file)
  }
}

/** A descriptor that somebody else reads from: each line is written at once, and waits for its reader. */
export class DescriptorSink implements Sink {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(line: string): void {
    const bytes = Buffer.from(line)
    let at = 0
    while (at < bytes.length) at += writeSync(this.#descriptor, bytes, at)
  }
}

/** Where a crash has left a line without its end, the next one begins below it. */
function openLog(path: string): number {
  const last = lastByte(path)
  const isCut = last !== null && last !== NEWLINE
  const file = openSync(path, 'a', 0o600)
  if (isCut) writeSync(file, '\n')
  return file
}

const NEWLINE = 10

/** Null where there is no file, or an empty one, or something else that can be written to. */
function lastByte(path: string): number | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile() || stats.size === 0) return null
  const file = openSync(path, 'r')
  try {
    const byte = Buffer.alloc(1)
    readSync(file, byte, 0, 1, stats.size - 1)
    return byte[0]!
  } finally {
    closeSync(file)
  }
}

function takeBack(file: number, count: number): void {
  const stats = fstatSync(file)
  if (stats.isFile()) ftruncateSync(file, Math.max(0, stats.size - count))
}
